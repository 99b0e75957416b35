import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_USER_ID } from '../../core/caller.ts';
import { buildTeam, nextName } from '../../storage/__fixtures__/rows.ts';
import { openStorage } from '../../storage/open-storage.ts';
import { ACTOR, ADMIN, memberId, NO_FIELDS, openTeamWorld, type TeamWorld } from './__fixtures__/team-management.ts';
import { createTeam, type NewTeam } from './create-team.ts';
import { deleteTeams } from './delete-teams.ts';
import type { TeamFields } from './team-fields.ts';

let world: TeamWorld;
beforeAll(async () => {
  world = await openTeamWorld(openStorage);
});
afterAll(() => world.close());

const make = (fields: Partial<TeamFields> = {}, rest: Partial<NewTeam> = {}, deps = world.deps, caller = ADMIN) =>
  createTeam(deps, caller, ACTOR, { id: null, members: [], ...rest, fields: { ...NO_FIELDS, ...fields } });

describe('a new team', () => {
  test('has what was asked for, its maker as admin, and an audit row for each row', async () => {
    const view = await make(
      { alias: 'Core', models: ['gpt-4'], limits: { maxBudgetNanoUsd: 5, rpmLimit: 0 }, metadata: { a: 1 } },
      { members: [{ role: 'user', userId: 'u-new', email: null }] },
    );
    expect(view).toMatchObject({
      team: { alias: 'Core', models: ['gpt-4'], maxBudgetNanoUsd: 5, rpmLimit: 0, tpmLimit: null, metadata: { a: 1 } },
      spendNanoUsd: 0,
    });
    expect(view.members.map(({ member: { userId, role } }) => [userId, role])).toEqual(
      expect.arrayContaining([
        [ADMIN_USER_ID, 'admin'],
        ['u-new', 'user'],
      ]),
    );
    expect(await world.deps.owners.users.find(['u-new'])).toMatchObject({ role: 'internal_user', email: null });
    expect(await world.auditOf(view.team.id)).toMatchObject([
      { ...ACTOR, action: 'created', tableName: 'LiteLLM_TeamTable', before: null, after: { team_alias: 'Core' } },
    ]);
    expect(await world.auditOf(memberId(view.team.id, 'u-new'))).toMatchObject([{ action: 'created' }]);
    expect(await world.auditOf('u-new')).toMatchObject([{ action: 'created', tableName: 'LiteLLM_UserTable' }]);
  });

  test('makes no user of the administrator with the master key', async () => {
    await make();
    expect(await world.deps.owners.users.find([ADMIN_USER_ID])).toBeUndefined();
  });

  test('knows people by their address, whatever its case', async () => {
    const ada = await world.personIn(null, { email: 'ada@example.com' });
    const { members } = await make(
      {},
      {
        members: [
          { role: 'user', userId: null, email: ' ADA@example.com' },
          { role: 'user', userId: null, email: 'new@example.com' },
        ],
      },
    );
    expect(members.map(({ email }) => email).sort()).toEqual(['ada@example.com', 'new@example.com', null]);
    expect(members.map(({ member }) => member.userId)).toContain(ada.userId);
  });

  test('is refused under an id that is taken, and nothing of it stays', async () => {
    const id = await world.makeTeam();
    const rows = await world.auditRows();
    const attempt = make({}, { id, members: [{ role: 'user', userId: 'u-lost', email: null }] });
    await expect(attempt).rejects.toMatchObject({ status: 400, param: 'team_id' });
    await expect(attempt).rejects.toThrow(`Team id = ${id} already exists. Please use a different team id.`);
    expect(await world.deps.owners.users.find(['u-lost'])).toBeUndefined();
    expect(await world.auditRows()).toBe(rows);
  });

  test('under the id of a deleted one begins with nothing spent, and so do its members', async () => {
    const people = { members: [{ role: 'user' as const, userId: 'u-back', email: null }] };
    const limits = { budgetDuration: '1d', maxBudgetNanoUsd: 100 };
    const id = await world.makeTeam({ limits }, people);
    const counters = [
      world.deps.spendCounter({ kind: 'team', id }, { ...buildTeam(), budgetDuration: '1d' }, world.clock.nowMs),
      `team:${id}/spend`,
      `member:${memberId(id, 'u-back')}/spend`,
    ];
    for (const counter of counters) await world.spend(counter, 40);
    await deleteTeams(world.deps, ADMIN, ACTOR, [id]);
    const view = await make({ limits }, { id, ...people });
    expect(view).toMatchObject({ spendNanoUsd: 0 });
    expect(await world.deps.readCounters(counters)).toEqual([0, 0, 0]);
  });

  test('gives each member what the team says of its members', async () => {
    const { members, memberBudget } = await make(
      { memberDefaults: { maxBudgetNanoUsd: 7, budgetDuration: '1mo', rpmLimit: 2 } },
      { members: [{ role: 'user', userId: 'u-limited', email: null }] },
    );
    expect(memberBudget).toMatchObject({ maxBudgetNanoUsd: 7 });
    expect(members.find(({ member }) => member.userId === 'u-limited')).toMatchObject({
      member: { budgetId: memberBudget?.id, maxBudgetNanoUsd: null },
      limits: { maxBudgetNanoUsd: 7, budgetDuration: '1mo', rpmLimit: 2, tpmLimit: null },
    });
  });

  test('gets the defaults of the configuration for what its request leaves out', async () => {
    const defaults = { ...NO_FIELDS, models: ['gpt-5'], limits: { tpmLimit: 9, rpmLimit: 8 } };
    const deps = { ...world.deps, settings: { ...world.deps.settings, defaults } };
    expect((await make({ limits: { rpmLimit: 1, tpmLimit: null } }, {}, deps)).team).toMatchObject({
      models: ['gpt-5'],
      rpmLimit: 1,
      tpmLimit: 9,
    });
  });
});

describe('within its organisation', () => {
  const organization = { ...buildTeam({ id: 'org-small', models: ['gpt-4'], rpmLimit: 10 }) };
  beforeAll(() => world.storage.transact((unit) => unit.organizations.insert(organization)));

  test('a team may have as much, and no more', async () => {
    const organizationId = organization.id;
    expect((await make({ organizationId, models: ['gpt-4'], limits: { rpmLimit: 10 } })).team).toMatchObject({
      organizationId,
    });
    await expect(make({ organizationId, limits: { rpmLimit: 11 } })).rejects.toMatchObject({ param: 'rpm_limit' });
    await expect(make({ organizationId, models: ['gpt-5'] })).rejects.toMatchObject({ status: 400, param: 'models' });
    await expect(make({ organizationId: 'org-none' })).rejects.toMatchObject({ status: 400, param: 'organization_id' });
  });

  test('its administrator makes teams there and nowhere else', async () => {
    const someone = await world.personIn(null);
    const role = { role: 'org_admin' as const, budgetId: null, organizationId: organization.id };
    const stamps = {
      createdAtMs: 1,
      createdBy: 'x',
      updatedAtMs: 1,
      updatedBy: 'x',
      deletedAtMs: null,
      deletedBy: null,
    };
    await world.storage.transact((unit) =>
      unit.organizationMembers.insert({ ...role, ...stamps, userId: someone.userId ?? '' }),
    );
    const admin = await world.again(someone);
    const { members } = await make({ organizationId: organization.id }, {}, world.deps, admin);
    expect(members.map(({ member }) => [member.userId, member.role])).toEqual([[admin.userId, 'admin']]);
    await expect(make({}, {}, world.deps, admin)).rejects.toMatchObject({ status: 401 });
    await expect(make({ organizationId: 'other' }, {}, world.deps, admin)).rejects.toMatchObject({ status: 401 });
  });
});

describe('making a team is refused', () => {
  test.each(['internal_user', 'proxy_admin_viewer', 'internal_user_viewer', 'org_admin'] as const)(
    'to %s, without a trace',
    async (role) => {
      const caller = await world.personIn(null, { role });
      const rows = await world.auditRows();
      await expect(make({}, {}, world.deps, caller)).rejects.toMatchObject({
        status: role.endsWith('viewer') ? 403 : 401,
      });
      expect(await world.auditRows()).toBe(rows);
    },
  );

  test.each<[Partial<TeamFields>, Partial<NewTeam>, string]>([
    [{ alias: 'a\u0000b' }, {}, 'team_alias'],
    [{ alias: 'x'.repeat(300) }, {}, 'team_alias'],
    [{ modelAliases: { cheap: 'nowhere' } }, {}, 'model_aliases'],
    [{ limits: { maxBudgetNanoUsd: -1 } }, {}, 'max_budget'],
    [{ memberDefaults: { maxBudgetNanoUsd: -1 } }, {}, 'team_member_budget'],
    [{ memberDefaults: { budgetDuration: '5 minutes' } }, {}, 'team_member_budget_duration'],
    [{ inMetadata: { tags: [1] } }, {}, 'tags'],
    [{ budgetId: 'no-such-row' }, {}, 'budget_id'],
    [{}, { id: ' padded ' }, 'team_id'],
    [{}, { members: [{ role: 'user', userId: null, email: null }] }, 'user_id'],
    [{}, { members: [{ role: 'user', userId: null, email: 'no address' }] }, 'user_email'],
    [
      {},
      {
        members: [
          { role: 'user', userId: 'u-twice', email: null },
          { role: 'admin', userId: 'u-twice', email: null },
        ],
      },
      'member',
    ],
  ])('for %j %j, naming %s', async (fields, rest, param) => {
    const rows = await world.auditRows();
    await expect(make(fields, { id: nextName('refused'), ...rest })).rejects.toMatchObject({ status: 400, param });
    expect(await world.auditRows()).toBe(rows);
  });
});
