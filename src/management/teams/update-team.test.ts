import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller } from '../../core/caller.ts';
import { NO_LIMITS } from '../../core/limits.ts';
import { memberRef } from '../../core/owner.ts';
import { openStorage } from '../../storage/open-storage.ts';
import { ACTOR, ADMIN, join, NO_FIELDS, openTeamWorld, type TeamWorld } from './__fixtures__/team-management.ts';
import type { TeamFields } from './team-fields.ts';
import { updateTeam } from './update-team.ts';

let world: TeamWorld;
beforeAll(async () => {
  world = await openTeamWorld(openStorage);
});
afterAll(() => world.close());

const update = (id: string, fields: Partial<TeamFields>, caller: Caller = ADMIN) =>
  updateTeam(world.deps, caller, ACTOR, id, { ...NO_FIELDS, ...fields });

describe('an update', () => {
  test('keeps what is absent, clears what is null, sets what is given', async () => {
    const id = await world.makeTeam({
      alias: 'A',
      models: ['gpt-4'],
      limits: { rpmLimit: 3, tpmLimit: 4 },
      metadata: { a: 1 },
      inMetadata: { tags: ['t'] },
    });
    const first = await update(id, { limits: { rpmLimit: null }, alias: 'B' });
    expect(first.team).toMatchObject({ alias: 'B', rpmLimit: null, tpmLimit: 4, models: ['gpt-4'] });
    expect(first.team.metadata).toEqual({ a: 1, tags: ['t'] });
    const second = await update(id, { metadata: {}, models: null, modelAliases: { cheap: 'gpt-4' } });
    expect(second.team).toMatchObject({ metadata: {}, models: [], modelAliases: { cheap: 'gpt-4' }, alias: 'B' });
    const row = { ...ACTOR, action: 'updated', tableName: 'LiteLLM_TeamTable' };
    expect(await world.auditOf(id)).toContainEqual(expect.objectContaining(row));
  });

  test('takes what was spent along into a window of another length', async () => {
    const id = await world.makeTeam({ limits: { maxBudgetNanoUsd: 50 } });
    await world.spend(`team:${id}/spend`, 100);
    for (const budgetDuration of ['1d', '1mo', null, '1d']) {
      expect(await update(id, { limits: { budgetDuration } })).toMatchObject({ spendNanoUsd: 100 });
    }
  });

  test('of what members may use up holds for those who are there, and moves what they have spent', async () => {
    const people = { members: [{ role: 'user' as const, userId: 'u-old', email: null }] };
    const id = await world.makeTeam({}, people);
    await world.spend(`member:${memberRef(id, 'u-old').id}/spend`, 30);
    const view = await update(id, { memberDefaults: { maxBudgetNanoUsd: 20, budgetDuration: '1d' } });
    const member = view.members.find((found) => found.member.userId === 'u-old');
    expect(member).toMatchObject({ limits: { maxBudgetNanoUsd: 20, budgetDuration: '1d' }, spendNanoUsd: 30 });
    const again = await update(id, { memberDefaults: { maxBudgetNanoUsd: null } });
    expect(again.memberBudget).toMatchObject({ id: view.memberBudget?.id, maxBudgetNanoUsd: null });
  });

  test('keeps the credentials of log destinations whose masks come back', async () => {
    const settings = (secret: string) => ({
      callback_settings: { success_callback: ['langfuse'], callback_vars: { langfuse_secret_key: secret } },
    });
    const id = await world.makeTeam({ metadata: settings('sk-lf-0123456789abcdef') });
    expect((await update(id, { metadata: { ...settings('****cdef'), x: 1 } })).team.metadata).toEqual({
      ...settings('sk-lf-0123456789abcdef'),
      x: 1,
    });
    expect(JSON.stringify(await world.auditOf(id))).not.toContain('0123456789');
  });

  test('is refused to strangers as if there were no such team, and to administrators by its name', async () => {
    const id = await world.makeTeam();
    const other = await world.makeTeam();
    const admin = await join(world, await world.personIn(null), other, 'admin');
    const member = await join(world, await world.personIn(null), id, 'user');
    for (const caller of [admin, member, await world.personIn(id)]) {
      for (const teamId of [id, 'no-such-team']) {
        await expect(update(teamId, { alias: 'mine' }, caller)).rejects.toMatchObject({ status: 403 });
      }
    }
    const attempt = update('no-such-team', {});
    await expect(attempt).rejects.toMatchObject({ status: 404, param: 'team_id' });
    await expect(attempt).rejects.toThrow('Team not found, passed team_id=no-such-team');
    expect(await world.deps.owners.teams.find([id])).toMatchObject({ alias: null });
  });
});

describe("a team's own admin", () => {
  const metadata = { tags: ['cost'], guardrails: ['pii'], enforced_params: ['user'], model_info: 1 };
  let id: string;
  let admin: Caller;
  beforeAll(async () => {
    id = await world.makeTeam({
      models: ['gpt-4'],
      metadata,
      limits: { maxBudgetNanoUsd: 10, rpmLimit: 5, budgetDuration: '1d', modelRpmLimit: { 'gpt-4': 1 } },
      memberDefaults: { maxBudgetNanoUsd: 5 },
    });
    const someone = await world.personIn(null);
    const view = await world.deps.owners.teams.find([id]);
    await world.storage.transact((unit) =>
      unit.teamMembers.insert({
        ...NO_LIMITS,
        teamId: id,
        userId: someone.userId ?? '',
        role: 'admin',
        budgetId: String(view?.extra.team_member_budget_id),
        models: [],
        metadata: {},
        createdAtMs: 1,
        createdBy: 'x',
        updatedAtMs: 1,
        updatedBy: 'x',
        deletedAtMs: null,
        deletedBy: null,
      }),
    );
    admin = await world.again(someone);
  });

  test('changes what is in it, and narrows what it may use up', async () => {
    const fields: Partial<TeamFields> = {
      alias: 'ours',
      modelAliases: { cheap: 'gpt-4' },
      metadata: { ...metadata, tags: ['cost', 'more'], app: 'x' },
      limits: { rpmLimit: 4, tpmLimit: 9 },
      memberDefaults: { maxBudgetNanoUsd: 4 },
      memberPermissions: ['/key/generate'],
    };
    expect((await update(id, fields, admin)).team).toMatchObject({ alias: 'ours', rpmLimit: 4, tpmLimit: 9 });
  });

  test.each<[Partial<TeamFields>, string]>([
    [{ limits: { maxBudgetNanoUsd: 11 } }, 'max_budget'],
    [{ limits: { maxBudgetNanoUsd: null } }, 'max_budget'],
    [{ limits: { rpmLimit: 6 } }, 'rpm_limit'],
    [{ limits: { budgetDuration: '1h' } }, 'budget_duration'],
    [{ limits: { modelRpmLimit: {} } }, 'model_rpm_limit'],
    [{ models: [] }, 'models'],
    [{ models: ['gpt-4', 'gpt-5'] }, 'models'],
    [{ modelAliases: { cheap: 'gpt-5' } }, 'model_aliases'],
    [{ organizationId: 'elsewhere' }, 'organization_id'],
    [{ budgetId: 'elsewhere' }, 'budget_id'],
    [{ metadata: { guardrails: ['pii'] } }, 'tags'],
    [{ metadata: { tags: ['cost', 'more'] } }, 'guardrails'],
    [{ inMetadata: { enforced_params: ['seed'] } }, 'enforced_params'],
    [{ inMetadata: { disable_global_guardrails: true } }, 'disable_global_guardrails'],
    [{ extra: { object_permission: { mcp_servers: ['all'] } } }, 'object_permission'],
    [{ memberDefaults: { maxBudgetNanoUsd: 6 } }, 'team_member_budget'],
    [
      { metadata: { ...metadata, tags: ['cost', 'more'], logging: [{ callback_vars: { x: 'os.environ/S' } }] } },
      'callback_vars',
    ],
  ])('may not %j: %s', async (fields, param) => {
    const before = await world.deps.owners.teams.find([id]);
    await expect(update(id, fields, admin)).rejects.toMatchObject({ status: 403, param });
    expect(await world.deps.owners.teams.find([id])).toEqual(before);
  });
});
