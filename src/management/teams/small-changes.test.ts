import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller } from '../../core/caller.ts';
import { openStorage } from '../../storage/open-storage.ts';
import { ACTOR, ADMIN, join, openTeamWorld, type TeamWorld } from './__fixtures__/team-management.ts';
import { addTeamCallback } from './add-team-callback.ts';
import { addTeamModels, removeTeamModels } from './change-team-models.ts';
import { disableTeamLogging } from './disable-team-logging.ts';
import { getTeamCallbacks } from './get-team-callbacks.ts';
import { updateMemberPermissions } from './member-permissions.ts';
import { resetTeamSpend } from './reset-team-spend.ts';
import { setTeamBlocked } from './set-team-blocked.ts';
import { writeCallbacks } from './team-callbacks.ts';

let world: TeamWorld;
beforeAll(async () => {
  world = await openTeamWorld(openStorage);
});
afterAll(() => world.close());

const actionsOn = async (id: string) => (await world.auditOf(id)).map(({ action }) => action);

/** Every verb refuses a member, the admin of another team, and somebody with no team, and changes nothing. */
async function expectRefusals(act: (caller: Caller, teamId: string) => Promise<unknown>): Promise<void> {
  const [id, other] = [await world.makeTeam(), await world.makeTeam()];
  const callers = [
    await join(world, await world.personIn(null), id, 'user'),
    await join(world, await world.personIn(null), other, 'admin'),
    await world.personIn(id),
    await world.personIn(null, { role: 'proxy_admin_viewer' }),
  ];
  const before = await world.deps.owners.teams.find([id]);
  for (const caller of callers) {
    for (const teamId of [id, 'no-such-team']) {
      const refusal = await act(caller, teamId).catch((error: unknown) => error);
      expect([401, 403, 404]).toContain((refusal as { status?: number }).status);
    }
  }
  await expect(act(ADMIN, 'no-such-team')).rejects.toMatchObject({ status: 404 });
  expect(await world.deps.owners.teams.find([id])).toEqual(before);
  expect(await actionsOn(id)).toEqual(['created']);
}

describe('blocking a team', () => {
  const block = (teamId: string, blocked: boolean, caller: Caller = ADMIN) =>
    setTeamBlocked(world.deps, caller, ACTOR, { teamId, blocked });

  test('is on the record until it is taken back, each with an audit row', async () => {
    const id = await world.makeTeam();
    expect((await block(id, true)).team.blocked).toBe(true);
    expect((await block(id, false)).team.blocked).toBe(false);
    expect(await actionsOn(id)).toEqual(expect.arrayContaining(['blocked', 'unblocked']));
  });

  test('is refused to all below, the team’s own admin included', async () => {
    await expectRefusals((caller, id) => block(id, true, caller));
    const id = await world.makeTeam();
    const admin = await join(world, await world.personIn(null), id, 'admin');
    await block(id, true);
    await expect(block(id, false, admin)).rejects.toMatchObject({ status: 401 });
  });
});

describe('the models of a team', () => {
  const add = (teamId: string, models: string[], caller: Caller = ADMIN) =>
    addTeamModels(world.deps, caller, ACTOR, { teamId, models });
  const remove = (teamId: string, models: string[], caller: Caller = ADMIN) =>
    removeTeamModels(world.deps, caller, ACTOR, { teamId, models });

  test('are added to and taken from, and none left means none allowed', async () => {
    const id = await world.makeTeam({ models: ['a'] });
    expect((await add(id, ['b', 'a'])).team.models).toEqual(['a', 'b']);
    expect((await remove(id, ['a'])).team.models).toEqual(['b']);
    expect((await remove(id, ['b'])).team.models).toEqual(['no-default-models']);
    expect((await add(id, ['c'])).team.models).toEqual(['c']);
    expect(await actionsOn(id)).toHaveLength(5);
  });

  test('that are all of them stay all of them', async () => {
    const id = await world.makeTeam();
    await expect(remove(id, ['a'])).rejects.toMatchObject({ status: 400, param: 'models' });
    expect((await add(id, ['a'])).team.models).toEqual(['all-proxy-models', 'a']);
  });

  test('are narrowed by the team’s admin and widened by those above', async () => {
    const id = await world.makeTeam({ models: ['a', 'b'] });
    const admin = await join(world, await world.personIn(null), id, 'admin');
    expect((await remove(id, ['b'], admin)).team.models).toEqual(['a']);
    await expect(add(id, ['b'], admin)).rejects.toMatchObject({ status: 401 });
    await expectRefusals((caller, teamId) => add(teamId, ['b'], caller));
    await expectRefusals((caller, teamId) => remove(teamId, ['b'], caller));
  });
});

describe('log destinations of a team', () => {
  const SECRET = 'sk-lf-0123456789abcdef';
  const langfuse = {
    name: 'langfuse',
    type: 'success' as const,
    vars: { langfuse_secret_key: SECRET, langfuse_host: 'h' },
  };
  const add = (id: string, over: Partial<typeof langfuse> = {}, caller: Caller = ADMIN) =>
    addTeamCallback(world.deps, caller, ACTOR, id, { ...langfuse, ...over });
  const get = (id: string, caller: Caller = ADMIN) => getTeamCallbacks(world.deps, caller, id);

  test('are kept, and their credentials are in no reply and no audit row', async () => {
    const id = await world.makeTeam({ metadata: { a: 1 } });
    await add(id);
    expect(await get(id)).toEqual({
      successCallbacks: ['langfuse'],
      failureCallbacks: [],
      vars: { langfuse_secret_key: '****cdef', langfuse_host: 'h' },
    });
    expect(await world.deps.owners.teams.find([id])).toMatchObject({
      metadata: { a: 1, callback_settings: { callback_vars: { langfuse_secret_key: SECRET } } },
    });
    expect(JSON.stringify(await world.auditOf(id))).not.toContain('0123456789');
  });

  test('are not given twice, and all taken away at once', async () => {
    const id = await world.makeTeam();
    await add(id);
    await expect(add(id)).rejects.toMatchObject({ status: 400, param: 'callback_name' });
    await add(id, { name: 'gcs_bucket' });
    await disableTeamLogging(world.deps, ADMIN, ACTOR, id);
    expect(await get(id)).toMatchObject({ successCallbacks: [], failureCallbacks: [] });
    await add(id);
  });

  test('are those of the configuration where the team has none', async () => {
    const id = await world.makeTeam();
    const configured = writeCallbacks(
      {},
      { successCallbacks: ['langfuse'], failureCallbacks: [], vars: langfuse.vars },
    );
    const settings = { ...world.deps.settings, callbacks: new Map([[id, configured]]) };
    expect(await getTeamCallbacks({ ...world.deps, settings }, ADMIN, id)).toEqual({
      successCallbacks: ['langfuse'],
      failureCallbacks: [],
      vars: { langfuse_secret_key: '****cdef', langfuse_host: 'h' },
    });
  });

  test('are the business of the team’s admin, who may not point to the server’s environment', async () => {
    const id = await world.makeTeam();
    const admin = await join(world, await world.personIn(null), id, 'admin');
    await add(id, {}, admin);
    const reading = add(id, { name: 'x', vars: { ...langfuse.vars, langfuse_host: 'os.environ/HOME' } }, admin);
    await expect(reading).rejects.toMatchObject({ status: 403, param: 'callback_vars' });
    await expectRefusals((caller, teamId) => add(teamId, {}, caller));
    await expectRefusals((caller, teamId) => disableTeamLogging(world.deps, caller, ACTOR, teamId));
    await expect(get(id, await world.personIn(null))).rejects.toMatchObject({ status: 403 });
  });
});

describe('what members may call', () => {
  const set = (teamId: string, caller: Caller = ADMIN) =>
    updateMemberPermissions(world.deps, caller, ACTOR, { teamId, permissions: ['/key/generate', '/key/generate'] });

  test('is said by the team’s admin', async () => {
    const id = await world.makeTeam();
    const admin = await join(world, await world.personIn(null), id, 'admin');
    expect((await set(id, admin)).team.memberPermissions).toEqual(['/key/generate']);
    await expectRefusals((caller, teamId) => set(teamId, caller));
  });
});

describe('resetting the spend of a team', () => {
  const reset = (teamId: string, resetToNanoUsd: number, caller: Caller = ADMIN) =>
    resetTeamSpend(world.deps, caller, ACTOR, { teamId, resetToNanoUsd });

  test('sets what enforcement counts, and says what it was', async () => {
    const id = await world.makeTeam({ limits: { maxBudgetNanoUsd: 60 } });
    await world.spend(`team:${id}/spend`, 50);
    expect(await reset(id, 20)).toMatchObject({ previousNanoUsd: 50, view: { spendNanoUsd: 20 } });
    expect(await world.deps.readCounters([`team:${id}/spend`])).toEqual([20]);
    expect(await world.auditOf(id)).toContainEqual(
      expect.objectContaining({ action: 'reset', before: { spend: 5e-8 }, after: { spend: 2e-8 } }),
    );
  });

  test.each([-1, Number.NaN, 51])('is refused to %d, where 50 are spent', async (target) => {
    const id = await world.makeTeam();
    await world.spend(`team:${id}/spend`, 50);
    await expect(reset(id, target)).rejects.toMatchObject({ status: 400, param: 'reset_to' });
  });

  test('is refused to all below, the team’s own admin included', async () => {
    await expectRefusals((caller, id) => reset(id, 0, caller));
    const id = await world.makeTeam();
    const admin = await join(world, await world.personIn(null), id, 'admin');
    await expect(reset(id, 0, admin)).rejects.toMatchObject({ status: 401 });
  });
});
