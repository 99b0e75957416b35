import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller } from '../../core/caller.ts';
import { counterId } from '../../core/counter-id.ts';
import { memberRef } from '../../core/owner.ts';
import { openStorage } from '../../storage/open-storage.ts';
import {
  ACTOR,
  ADMIN,
  join,
  memberId,
  NO_FIELDS,
  openTeamWorld,
  type TeamWorld,
} from './__fixtures__/team-management.ts';
import { addMembers } from './add-members.ts';
import { bulkAddMembers } from './bulk-add-members.ts';
import type { NewMember } from './new-members.ts';
import { removeMember } from './remove-member.ts';
import { resetMemberSpend } from './reset-member-spend.ts';
import type { MemberDefaults } from './team-fields.ts';
import { updateMember } from './update-member.ts';
import { updateTeam } from './update-team.ts';

let world: TeamWorld;
beforeAll(async () => {
  world = await openTeamWorld(openStorage);
});
afterAll(() => world.close());

const user = (userId: string): NewMember => ({ role: 'user', userId, email: null });
const add = (teamId: string, people: NewMember[], limits: MemberDefaults = {}, caller: Caller = ADMIN) =>
  addMembers(world.deps, caller, ACTOR, { teamId, people, limits, models: null });
const idsIn = async (teamId: string) => {
  const query = { scope: 'all', where: { teamId }, limit: 100, offset: 0 } as const;
  return (await world.deps.owners.teamMembers.list(query)).records.map(({ userId }) => userId).sort();
};

describe('adding members', () => {
  test('makes users of those who are none, with their budget in the team and an audit row each', async () => {
    const teamId = await world.makeTeam();
    const { view, users, memberships } = await add(
      teamId,
      [user('u-a'), { role: 'admin', userId: null, email: 'b@example.com' }],
      { maxBudgetNanoUsd: 3 },
    );
    expect(view.members).toHaveLength(3);
    expect(users.map(({ email }) => email).sort()).toEqual(['b@example.com', null]);
    expect(memberships.map(({ limits }) => limits.maxBudgetNanoUsd)).toEqual([3, 3]);
    expect(await world.auditOf(memberId(teamId, 'u-a'))).toMatchObject([
      { ...ACTOR, action: 'created', tableName: 'LiteLLM_TeamMembership', after: { user_id: 'u-a', role: 'user' } },
    ]);
  });

  test('is all or nobody: one who is in the team already, and nothing has happened', async () => {
    const teamId = await world.makeTeam({}, { members: [user('u-in')] });
    const rows = await world.auditRows();
    const attempt = add(teamId, [user('u-fresh'), user('u-in')]);
    await expect(attempt).rejects.toMatchObject({ status: 400, type: 'team_member_already_in_team', param: 'member' });
    expect(await idsIn(teamId)).toEqual(['default_user_id', 'u-in']);
    expect(await world.deps.owners.users.find(['u-fresh'])).toBeUndefined();
    expect(await world.auditRows()).toBe(rows);
  });

  test('finds nobody who comes back still in debt', async () => {
    const teamId = await world.makeTeam({}, { members: [user('u-comes-back')] });
    const counter = `member:${memberId(teamId, 'u-comes-back')}/spend`;
    await world.spend(counter, 9);
    await removeMember(world.deps, ADMIN, ACTOR, { teamId, ...user('u-comes-back') });
    await add(teamId, [user('u-comes-back')]);
    expect(await world.deps.readCounters([counter])).toEqual([0]);
  });

  test('of fifty at once for one person lets one have its way', async () => {
    const teamId = await world.makeTeam();
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => add(teamId, [user('u-wanted')])));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await idsIn(teamId)).toEqual(['default_user_id', 'u-wanted']);
  });

  test('is for administrators of the proxy and of that team', async () => {
    const [teamId, other] = [await world.makeTeam(), await world.makeTeam()];
    const admin = await join(world, await world.personIn(null), teamId, 'admin');
    const { userId } = await world.personIn(null);
    expect((await add(teamId, [user(userId ?? '')], {}, admin)).memberships).toHaveLength(1);
    const plain = await join(world, await world.personIn(null), teamId, 'user');
    const foreign = await join(world, await world.personIn(null), other, 'admin');
    for (const caller of [plain, foreign]) {
      await expect(add(teamId, [user('u-refused')], {}, caller)).rejects.toMatchObject({ status: 403 });
    }
    await expect(add('no-such-team', [user('u-refused')])).rejects.toMatchObject({ status: 404 });
    await expect(add('no-such-team', [user('u-refused')])).rejects.toThrow("doesn't exist");
    expect(await world.deps.owners.users.find(['u-refused'])).toBeUndefined();
  });

  test('brings in no one of another tenant, and no administrator, unless an administrator of the proxy does', async () => {
    const [teamId, other] = [await world.makeTeam(), await world.makeTeam()];
    const admin = await join(world, await world.personIn(null), teamId, 'admin');
    const theirs = await join(world, await world.personIn(null), other, 'user');
    const boss = await world.personIn(null, { role: 'proxy_admin' });
    const loose = await world.personIn(null);
    for (const { userId } of [theirs, boss]) {
      await expect(add(teamId, [user(userId ?? '')], {}, admin)).rejects.toMatchObject({
        status: 403,
        param: 'member',
      });
    }
    await add(teamId, [user(loose.userId ?? '')], {}, admin);
    await add(teamId, [user(theirs.userId ?? '')]);
  });

  test('lets people join a team that is open to all, themselves and no further', async () => {
    const teamId = await world.makeTeam();
    const deps = { ...world.deps, settings: { ...world.deps.settings, availableTeamIds: [teamId] } };
    const caller = await world.personIn(null);
    const joinAs = (person: NewMember, limits: MemberDefaults = {}) =>
      addMembers(deps, caller, ACTOR, { teamId, people: [person], limits, models: null });
    const self = user(caller.userId ?? '');
    await expect(joinAs({ ...self, role: 'admin' })).rejects.toMatchObject({ status: 403 });
    await expect(joinAs(user('u-friend'))).rejects.toMatchObject({ status: 403 });
    await expect(joinAs(self, { maxBudgetNanoUsd: 9 })).rejects.toMatchObject({ status: 403 });
    expect((await joinAs(self)).memberships).toHaveLength(1);
  });
});

describe('adding many', () => {
  const bulk = (teamId: string, people: NewMember[], caller: Caller = ADMIN, allUsers = false) =>
    bulkAddMembers(world.deps, caller, ACTOR, { teamId, people, limits: {}, models: null, allUsers });

  test('says of each what became of it', async () => {
    const teamId = await world.makeTeam({}, { members: [{ role: 'user', userId: null, email: 'in@example.com' }] });
    const { results, added } = await bulk(teamId, [
      user('bulk-1'),
      { role: 'user', userId: null, email: 'IN@example.com' },
      { role: 'user', userId: null, email: 'bulk-2@example.com' },
      user('bulk-1'),
    ]);
    expect(results.map(({ error }) => error === null)).toEqual([true, false, true, false]);
    expect(results[2]?.userId).toMatch(/^user_/);
    expect(added?.memberships).toHaveLength(2);
    expect((await bulk(teamId, [user('bulk-1')])).added).toBeNull();
  });

  test('is refused to strangers before anything is said of members, and all users are for administrators', async () => {
    const teamId = await world.makeTeam({}, { members: [user('bulk-known')] });
    const stranger = await world.personIn(null);
    await expect(bulk(teamId, [user('bulk-known')], stranger)).rejects.toMatchObject({ status: 403 });
    const admin = await join(world, stranger, teamId, 'admin');
    await expect(bulk(teamId, [], admin, true)).rejects.toMatchObject({ status: 403, param: 'all_users' });
    await expect(bulk(teamId, [])).rejects.toMatchObject({ status: 400, param: 'members' });
    const many = Array.from({ length: 501 }, (_, index) => user(`bulk-many-${index}`));
    await expect(bulk(teamId, many)).rejects.toMatchObject({ status: 400, param: 'members' });
  });
});

describe('taking somebody out', () => {
  test('ends the person’s keys of that team, and no other keys', async () => {
    const [teamId, other] = [
      await world.makeTeam({}, { members: [user('u-leaves')] }),
      await world.makeTeam({}, { members: [user('u-leaves')] }),
    ];
    const [mine, elsewhere, service] = [
      await world.makeKey({ teamId, userId: 'u-leaves' }),
      await world.makeKey({ teamId: other, userId: 'u-leaves' }),
      await world.makeKey({ teamId }),
    ];
    await removeMember(world.deps, ADMIN, ACTOR, { teamId, ...user('u-leaves') });
    expect(await idsIn(teamId)).toEqual(['default_user_id']);
    expect(await idsIn(other)).toContain('u-leaves');
    const works = async (hash: string) => (await world.storage.keys.findBySecretHash(hash)) !== undefined;
    expect([await works(mine.hash), await works(elsewhere.hash), await works(service.hash)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(await world.auditOf(memberId(teamId, 'u-leaves'))).toEqual(
      expect.arrayContaining([expect.objectContaining({ ...ACTOR, action: 'deleted', after: null })]),
    );
    expect(await world.auditOf(mine.hash)).toMatchObject([{ action: 'deleted' }]);
  });

  test('is refused for who is no member, a second time, and by others', async () => {
    const teamId = await world.makeTeam({}, { members: [user('u-once')] });
    const remove = (userId: string, caller: Caller = ADMIN, id = teamId) =>
      removeMember(world.deps, caller, ACTOR, { teamId: id, ...user(userId) });
    await expect(remove('u-nobody')).rejects.toMatchObject({
      status: 400,
      detail: { error: expect.stringContaining('User not found in team.') },
    });
    const plain = await join(world, await world.personIn(null), teamId, 'user');
    await expect(remove('u-once', plain)).rejects.toMatchObject({ status: 403 });
    await expect(remove('u-once', ADMIN, 'no-such-team')).rejects.toMatchObject({ status: 404 });
    await remove('u-once');
    await expect(remove('u-once')).rejects.toMatchObject({ status: 400 });
  });
});

describe('changing a member', () => {
  const change = (
    teamId: string,
    userId: string,
    rest: { limits?: MemberDefaults; role?: 'admin' | 'user' },
    caller = ADMIN,
  ) =>
    updateMember(world.deps, caller, ACTOR, {
      teamId,
      ...user(userId),
      role: rest.role ?? null,
      limits: rest.limits ?? {},
    });

  test('sets role, budget and limits, keeps what was spent, and null goes back to the team’s defaults', async () => {
    const teamId = await world.makeTeam(
      { memberDefaults: { maxBudgetNanoUsd: 5, budgetDuration: '1d', rpmLimit: 2 } },
      { members: [user('u-m')] },
    );
    const view = await change(teamId, 'u-m', { limits: { maxBudgetNanoUsd: 8 }, role: 'admin' });
    expect(view).toMatchObject({
      member: { role: 'admin' },
      limits: { maxBudgetNanoUsd: 8, budgetDuration: '1d', rpmLimit: 2 },
    });
    const own = world.deps.spendCounter(
      { kind: 'member', id: memberId(teamId, 'u-m') },
      view.limits,
      world.clock.nowMs,
    );
    await world.spend(own, 6);
    const monthly = await change(teamId, 'u-m', { limits: { budgetDuration: '1mo' } });
    expect(monthly.limits).toMatchObject({ maxBudgetNanoUsd: 8, budgetDuration: '1mo' });
    const next = world.deps.spendCounter(
      { kind: 'member', id: memberId(teamId, 'u-m') },
      monthly.limits,
      world.clock.nowMs,
    );
    expect(await world.deps.readCounters([next])).toEqual([6]);
    const back = await change(teamId, 'u-m', { limits: { maxBudgetNanoUsd: null } });
    expect(back.limits).toMatchObject({ maxBudgetNanoUsd: 5, budgetDuration: '1d' });
    expect((await world.auditOf(memberId(teamId, 'u-m'))).map(({ action }) => action)).toContain('updated');
  });

  test('raises nobody’s own cap and no one’s own role', async () => {
    const teamId = await world.makeTeam();
    const admin = await join(world, await world.personIn(null), teamId, 'admin');
    const self = admin.userId ?? '';
    await change(teamId, self, { limits: { maxBudgetNanoUsd: 5 } });
    await expect(change(teamId, self, { limits: { maxBudgetNanoUsd: 6 } }, admin)).rejects.toMatchObject({
      status: 403,
      param: 'max_budget_in_team',
    });
    await expect(change(teamId, self, { role: 'user' }, admin)).rejects.toMatchObject({ status: 403, param: 'role' });
    await change(teamId, self, { limits: { maxBudgetNanoUsd: 4 } }, admin);
    await add(teamId, [user('u-other')]);
    expect((await change(teamId, 'u-other', { limits: { maxBudgetNanoUsd: 99 } }, admin)).limits).toMatchObject({
      maxBudgetNanoUsd: 99,
    });
  });

  test('is refused for who is no member, and by others', async () => {
    const teamId = await world.makeTeam({}, { members: [user('u-here')] });
    const plain = await join(world, await world.personIn(null), teamId, 'user');
    await expect(change(teamId, 'u-here', { role: 'admin' }, plain)).rejects.toMatchObject({ status: 403 });
    await expect(change(teamId, 'u-gone', { role: 'admin' })).rejects.toMatchObject({ status: 400 });
    await expect(change(teamId, 'u-here', { limits: { maxBudgetNanoUsd: -1 } })).rejects.toMatchObject({
      status: 400,
      param: 'max_budget_in_team',
    });
    await expect(change('no-such-team', 'u-here', {})).rejects.toMatchObject({ status: 404 });
  });
});

test('a team’s alias and metadata stay when members come and go', async () => {
  const teamId = await world.makeTeam({ alias: 'stays', metadata: { a: 1 } });
  await add(teamId, [user('u-x')]);
  await updateTeam(world.deps, ADMIN, ACTOR, teamId, { ...NO_FIELDS, alias: 'renamed' });
  expect(await idsIn(teamId)).toEqual(['default_user_id', 'u-x']);
  expect(await world.deps.owners.teams.find([teamId])).toMatchObject({ alias: 'renamed', metadata: { a: 1 } });
});

describe('what a member has spent', () => {
  const reset = (teamId: string, userId: string, resetToNanoUsd: number, caller: Caller = ADMIN) =>
    resetMemberSpend(world.deps, caller, ACTOR, { teamId, userId, resetToNanoUsd });
  const counterOf = (teamId: string, userId: string) => counterId(memberRef(teamId, userId), 'spend');

  test('is set to less by those who administer the team, with an audit row, and the team’s stays', async () => {
    const teamId = await world.makeTeam();
    await add(teamId, [user('u-spender')], { maxBudgetNanoUsd: 60 });
    const counter = counterOf(teamId, 'u-spender');
    await world.spend(counter, 50);
    await world.spend(`team:${teamId}/spend`, 50);
    const admin = await join(world, await world.personIn(null), teamId, 'admin');
    expect(await reset(teamId, 'u-spender', 20, admin)).toMatchObject({
      previousNanoUsd: 50,
      view: { spendNanoUsd: 20, limits: { maxBudgetNanoUsd: 60 } },
    });
    expect(await world.deps.readCounters([counter, `team:${teamId}/spend`])).toEqual([20, 50]);
    expect(await world.auditOf(memberId(teamId, 'u-spender'))).toContainEqual(
      expect.objectContaining({
        action: 'reset',
        before: expect.objectContaining({ spend: 5e-8 }),
        after: expect.objectContaining({ spend: 2e-8 }),
      }),
    );
    for (const target of [-1, Number.NaN, 21]) {
      await expect(reset(teamId, 'u-spender', target)).rejects.toMatchObject({ status: 400, param: 'reset_to' });
    }
  });

  test('is nobody’s own to reset, and no stranger’s', async () => {
    const teamId = await world.makeTeam();
    const admin = await join(world, await world.personIn(null), teamId, 'admin');
    const own = admin.userId ?? '';
    await world.spend(counterOf(teamId, own), 50);
    await expect(reset(teamId, own, 0, admin)).rejects.toMatchObject({ status: 403, param: 'user_id' });
    for (const caller of [await join(world, await world.personIn(null), teamId), await world.personIn(null)]) {
      await expect(reset(teamId, own, 0, caller)).rejects.toMatchObject({ status: 403 });
    }
    expect(await world.deps.readCounters([counterOf(teamId, own)])).toEqual([50]);
    await expect(reset(teamId, 'u-nobody', 0)).rejects.toMatchObject({ status: 404 });
    await expect(reset('no-such-team', own, 0)).rejects.toMatchObject({ status: 404 });
    expect(await reset(teamId, own, 0)).toMatchObject({ previousNanoUsd: 50 });
  });
});

test('who administers just the team adds people by an id that is known, or by address', async () => {
  const teamId = await world.makeTeam();
  const admin = await join(world, await world.personIn(null), teamId, 'admin');
  const unknown = Array.from({ length: 12 }, (_, index) => user(`u-claimed-${index}`));
  const attempt = add(teamId, [...unknown, { role: 'user', userId: 'u-more', email: 'more@example.com' }], {}, admin);
  await expect(attempt).rejects.toMatchObject({ status: 403, param: 'member' });
  await expect(attempt).rejects.toThrow(/u-claimed-9 and 3 more/);
  expect(await world.deps.owners.users.find(['u-claimed-0'])).toBeUndefined();
  const known = await world.personIn(null);
  const people: NewMember[] = [user(known.userId ?? ''), { role: 'user', userId: null, email: 'invited@example.com' }];
  expect((await add(teamId, people, {}, admin)).users).toHaveLength(2);
});
