import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_STANDING } from '../../core/call-path.ts';
import { type Caller, toKeyCaller } from '../../core/caller.ts';
import { openStorage } from '../../storage/open-storage.ts';
import { ADMIN, join, openTeamWorld, type TeamWorld } from './__fixtures__/team-management.ts';
import { getTeamInfo } from './get-team-info.ts';
import { listAvailableTeams } from './list-available-teams.ts';
import { listTeams, type TeamListing } from './list-teams.ts';
import { listMemberPermissions } from './member-permissions.ts';

let world: TeamWorld;
beforeAll(async () => {
  world = await openTeamWorld(openStorage);
});
afterAll(() => world.close());

const EVERYTHING: TeamListing = {
  userId: null,
  organizationId: null,
  teamId: null,
  search: null,
  deleted: false,
  sortBy: 'createdAtMs',
  sortOrder: 'desc',
  limit: 100,
  offset: 0,
};
const list = async (caller: Caller, listing: Partial<TeamListing> = {}) =>
  (await listTeams(world.deps, caller, { ...EVERYTHING, ...listing })).teams.map(({ team }) => team.id);

describe('one team', () => {
  test('is shown whole to administrators, and to members with what is their own', async () => {
    const id = await world.makeTeam({ alias: 'Seen' });
    const plain = await join(world, await world.personIn(id), id, 'user');
    const admin = await join(world, await world.personIn(null), id, 'admin');
    const [own, others] = [
      await world.makeKey({ teamId: id, userId: plain.userId }),
      await world.makeKey({ teamId: id }),
    ];
    const viewer = await world.personIn(null, { role: 'proxy_admin_viewer' });
    for (const caller of [ADMIN, viewer, admin]) {
      const info = await getTeamInfo(world.deps, caller, id, 100);
      expect(info.view.team.alias).toBe('Seen');
      expect(info.keys.map(({ key }) => key.keyId).sort()).toEqual([own.keyId, others.keyId].sort());
      expect(info.memberships).toHaveLength(3);
    }
    expect(await getTeamInfo(world.deps, ADMIN, id, 1)).toMatchObject({ keys: { length: 1 }, keysLeftOut: 1 });
    const info = await getTeamInfo(world.deps, plain, id, 100);
    expect(info.keys.map(({ key }) => key.keyId)).toEqual([own.keyId]);
    expect(info.memberships.map(({ member }) => member.userId)).toEqual([plain.userId]);
    expect(info.view.members).toHaveLength(3);
  });

  test('is shown to a key of it that has no user, with no key but itself', async () => {
    const id = await world.makeTeam();
    const [key] = [await world.makeKey({ teamId: id }), await world.makeKey({ teamId: id })];
    const info = await getTeamInfo(world.deps, toKeyCaller(key, key.hash, null, NO_STANDING), id, 100);
    expect(info.keys.map((view) => view.key.keyId)).toEqual([key.keyId]);
    expect(info.memberships).toEqual([]);
  });

  test('looks to strangers like one that does not exist', async () => {
    const [id, other] = [await world.makeTeam(), await world.makeTeam()];
    const stranger = await join(world, await world.personIn(null), other, 'admin');
    const answers = await Promise.all(
      [id, 'no-such-team'].map((teamId) =>
        getTeamInfo(world.deps, stranger, teamId, 100).catch(({ status, message }) => [
          status,
          message.replace(teamId, 'X'),
        ]),
      ),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject([403, expect.stringContaining('not authorized')]);
    await expect(getTeamInfo(world.deps, ADMIN, 'no-such-team', 100)).rejects.toMatchObject({
      status: 404,
      type: 'auth_error',
      message: 'Team not found, passed team id: no-such-team.',
    });
  });
});

describe('a list', () => {
  test('holds what the caller may see: all, or where it is in', async () => {
    const [a, b] = [await world.makeTeam(), await world.makeTeam()];
    const plain = await join(world, await world.personIn(null), a, 'user');
    expect(await list(ADMIN)).toEqual(expect.arrayContaining([a, b]));
    expect(await list(plain)).toEqual([a]);
    expect(await list(await world.personIn(null))).toEqual([]);
    expect(await list(plain, { userId: 'default_user_id' })).toEqual([a]);
    expect(await list(plain, { teamId: b })).toEqual([]);
  });

  test('is filtered by member, organisation, name and end, sorted and cut into pages', async () => {
    const caller = await world.personIn(null);
    const names = ['Zebra 1', 'zebra 2', 'Zebra 3'];
    const ids: string[] = [];
    for (const alias of names) ids.push(await world.makeTeam({ alias }));
    await join(world, caller, ids[1] as string);
    expect(await list(ADMIN, { search: 'ZEBRA', sortBy: 'alias', sortOrder: 'asc' })).toEqual([ids[0], ids[2], ids[1]]);
    expect(await list(ADMIN, { userId: caller.userId })).toEqual([ids[1]]);
    const page = await listTeams(world.deps, ADMIN, { ...EVERYTHING, search: 'zebra', limit: 2, offset: 2 });
    expect([page.total, page.teams.length]).toEqual([3, 1]);
    expect(await list(ADMIN, { organizationId: '', search: 'zebra' })).toHaveLength(3);
    expect(await list(ADMIN, { organizationId: 'none' })).toEqual([]);
  });
});

test('teams that are open to all are shown to those who are not in', async () => {
  const [open, closed] = [await world.makeTeam(), await world.makeTeam()];
  const settings = { ...world.deps.settings, availableTeamIds: [open, 'no-such-team'] };
  const caller = await world.personIn(null);
  const ids = async (who: Caller) =>
    (await listAvailableTeams({ ...world.deps, settings }, who)).map(({ team }) => team.id);
  expect(await ids(caller)).toEqual([open]);
  expect(await ids(await join(world, caller, open))).toEqual([]);
  expect(await ids(caller)).not.toContain(closed);
});

test('what members may call is told to those who administer the team, with the defaults where it says nothing', async () => {
  const id = await world.makeTeam();
  const admin = await join(world, await world.personIn(null), id, 'admin');
  expect(await listMemberPermissions(world.deps, admin, id)).toEqual(['/key/info', '/key/health']);
  for (const caller of [await join(world, await world.personIn(null), id), await world.personIn(null)]) {
    await expect(listMemberPermissions(world.deps, caller, id)).rejects.toMatchObject({ status: 403 });
  }
  await expect(listMemberPermissions(world.deps, ADMIN, 'no-such-team')).rejects.toMatchObject({ status: 404 });
});
