import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../core/caller.ts';
import { openStorage } from '../../storage/open-storage.ts';
import { ACTOR, ADMIN, join, memberId, openTeamWorld, type TeamWorld } from './__fixtures__/team-management.ts';
import { deleteTeams } from './delete-teams.ts';

let world: TeamWorld;
beforeAll(async () => {
  world = await openTeamWorld(openStorage);
});
afterAll(() => world.close());

const remove = (ids: string[], caller: Caller = ADMIN) => deleteTeams(world.deps, caller, ACTOR, ids);
const works = async (hash: string) => (await world.storage.keys.findBySecretHash(hash)) !== undefined;

test('deleting a team kills its keys and no others, ends its memberships and keeps its history', async () => {
  const people = { members: [{ role: 'user' as const, userId: 'u-del', email: null }] };
  const [id, other] = [await world.makeTeam({ alias: 'gone' }, people), await world.makeTeam({}, people)];
  const [key, foreign] = [await world.makeKey({ teamId: id }), await world.makeKey({ teamId: other })];
  expect(await remove([id, id])).toEqual([id]);
  expect([await works(key.hash), await works(foreign.hash)]).toEqual([false, true]);
  const { owners } = world.deps;
  expect(await owners.teams.find([id])).toBeUndefined();
  expect(await owners.teams.find([id], { includeDeleted: true })).toMatchObject({
    alias: 'gone',
    deletedBy: 'default_user_id',
  });
  expect(await owners.teamMembers.find([id, 'u-del'])).toBeUndefined();
  expect(await owners.teamMembers.find([other, 'u-del'])).toBeDefined();
  expect(await owners.users.find(['u-del'])).toBeDefined();
  const deleted = { ...ACTOR, action: 'deleted', after: null };
  expect(await world.auditOf(id)).toContainEqual(expect.objectContaining(deleted));
  expect(await world.auditOf(memberId(id, 'u-del'))).toContainEqual(expect.objectContaining(deleted));
  expect(await world.auditOf(key.hash)).toEqual([expect.objectContaining(deleted)]);
});

test('is all or nothing', async () => {
  const id = await world.makeTeam();
  const key = await world.makeKey({ teamId: id });
  const rows = await world.auditRows();
  const attempt = remove([id, 'no-such-team']);
  await expect(attempt).rejects.toMatchObject({ status: 404 });
  await expect(attempt).rejects.toThrow('Team not found, passed team_id=no-such-team');
  expect(await works(key.hash)).toBe(true);
  expect(await world.deps.owners.teams.find([id])).toBeDefined();
  expect(await world.auditRows()).toBe(rows);
});

test('takes names that no team can have for names of none', async () => {
  expect(await remove([])).toEqual([]);
  for (const name of ['', 'x'.repeat(5_000), 'a\u0000b']) {
    await expect(remove([name])).rejects.toMatchObject({ status: 404 });
  }
});

test('is for those above the team', async () => {
  const id = await world.makeTeam();
  const admin = await join(world, await world.personIn(null), id, 'admin');
  await expect(remove([id], admin)).rejects.toMatchObject({ status: 401 });
  await expect(remove([id], await world.personIn(null))).rejects.toMatchObject({ status: 401 });
  await expect(remove(['no-such-team'], await world.personIn(null))).rejects.toMatchObject({ status: 401 });
  await expect(remove([], admin)).rejects.toMatchObject({ status: 401 });
  expect(await world.deps.owners.teams.find([id])).toBeDefined();
});
