// Owners: what an act writes is there as a whole or not at all, lists stay within their scope, caches let go at once.

import { expect, test } from 'vitest';
import { NO_LIMITS } from '../../src/core/limits.ts';
import { NOTHING } from '../../src/core/scope.ts';
import { buildAudit, buildKey, buildMember, buildTeam, buildUser } from '../../src/storage/__fixtures__/rows.ts';
import type { WriteUnit } from '../../src/storage/owners/owner-storage.ts';
import { type Bench, onBothDatabases } from './storage-on-both.ts';

const links = { userId: null, teamId: null, organizationId: null, budgetId: null };

async function write(bench: Bench, act: (unit: WriteUnit) => Promise<unknown>) {
  return bench.storage.transact(act);
}

onBothDatabases('owners', (bench) => {
  test('a record comes back as it was written, and a deleted one only when asked for', async () => {
    const user = buildUser({
      email: 'ada@example.com',
      models: ['gpt-4'],
      metadata: { a: [1] },
      maxBudgetNanoUsd: 5_000_000_000_000,
      budgetLimits: [{ maxBudgetNanoUsd: 1, budgetDuration: '1h' }],
      blocked: true,
    });
    expect(await write(bench, (unit) => unit.users.insert(user))).toEqual({ kind: 'done', value: true });
    expect(await bench.storage.owners.users.find([user.id])).toEqual(user);
    const deleted = { ...user, deletedAtMs: 5, deletedBy: 'admin' };
    await write(bench, (unit) => unit.users.update(deleted));
    expect(await bench.storage.owners.users.find([user.id])).toBeUndefined();
    expect(await bench.storage.owners.users.find([user.id], { includeDeleted: true })).toEqual(deleted);
    const again = buildUser({ id: user.id });
    expect(await write(bench, (unit) => unit.users.insert(again))).toEqual({ kind: 'done', value: true });
    expect(await write(bench, (unit) => unit.users.insert(again))).toEqual({ kind: 'done', value: false });
  });

  test('a throw leaves nothing of an act behind, and a conflict is a value', async () => {
    const [user, key] = [buildUser({ email: 'one@example.com' }), buildKey({ alias: 'unit-key' })];
    const failing = write(bench, async (unit) => {
      await unit.users.insert(user);
      await unit.keys.insert(key);
      await unit.audit([buildAudit()]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await bench.storage.owners.users.find([user.id])).toBeUndefined();
    expect(await bench.storage.keys.find({ kind: 'alias', alias: 'unit-key' })).toBeUndefined();

    await write(bench, (unit) => unit.users.insert(user));
    const second = buildUser({ email: 'one@example.com' });
    expect(await write(bench, (unit) => unit.users.insert(second))).toEqual({ kind: 'conflict', field: 'user_email' });
    await write(bench, (unit) => unit.keys.insert(key));
    const twin = buildKey({ alias: 'unit-key' });
    expect(await write(bench, (unit) => unit.keys.insert(twin))).toEqual({ kind: 'conflict', field: 'key_alias' });
  });

  test('a list shows what its scope opens and counts no more', async () => {
    const [mine, other] = [buildTeam({ alias: 'Mine' }), buildTeam({ alias: 'Other', organizationId: 'org-1' })];
    const me = buildUser();
    await write(bench, async (unit) => {
      for (const team of [mine, other]) await unit.teams.insert(team);
      await unit.users.insert(me);
      await unit.teamMembers.insert(buildMember({ teamId: mine.id, userId: me.id }));
    });
    const list = async (scope: Parameters<typeof bench.storage.owners.teams.list>[0]['scope']) => {
      const where = { id: [mine.id, other.id] };
      const { records, total } = await bench.storage.owners.teams.list({ scope, where, limit: 10, offset: 0 });
      expect(records).toHaveLength(total);
      return records.map(({ alias }) => alias).sort();
    };
    expect(await list('all')).toEqual(['Mine', 'Other']);
    expect(await list(NOTHING)).toEqual([]);
    expect(await list({ ...NOTHING, userIds: [me.id] })).toEqual(['Mine']);
    expect(await list({ ...NOTHING, organizationIds: ['org-1'] })).toEqual(['Other']);
    const budgets = await bench.storage.owners.budgets.list({
      scope: { ...NOTHING, userIds: [me.id] },
      limit: 10,
      offset: 0,
    });
    expect(budgets.total).toBe(0);
  });

  test('a search finds names whatever their case, and takes % for itself', async () => {
    await write(bench, (unit) => unit.users.insert(buildUser({ alias: 'Grace 100% Hopper' })));
    const search = async (text: string) =>
      (await bench.storage.owners.users.list({ scope: 'all', search: text, limit: 5, offset: 0 })).total;
    expect(await Promise.all([search('grace 100%'), search('GRACE%H'), search('hopper')])).toEqual([1, 0, 1]);
  });

  test('parts of fields are looked for in these alone, whatever their case, and all have to be there', async () => {
    for (const [id, email] of [
      ['Part_1', 'one@parts.example'],
      ['part-2', 'two_1@parts.example'],
    ] as const) {
      await write(bench, (unit) => unit.users.insert(buildUser({ id, email, alias: 'part of both' })));
    }
    const find = async (contains: { id?: string; email?: string }) => {
      const query = { scope: 'all', contains, sortBy: 'id', sortOrder: 'asc', limit: 5, offset: 0 } as const;
      return (await bench.storage.owners.users.list(query)).records.map(({ id }) => id).sort();
    };
    expect(await find({ id: 'PART' })).toEqual(['Part_1', 'part-2']);
    expect(await find({ id: 't_' })).toEqual(['Part_1']);
    expect(await find({ email: '_1@' })).toEqual(['part-2']);
    expect(await find({ id: 'part', email: 'One@' })).toEqual(['Part_1']);
    expect(await find({ email: 'both' })).toEqual([]);
  });

  test('who stands behind a key is known without waiting, and true to the last change', async () => {
    const { ownerCache } = bench.storage;
    const [team, user] = [buildTeam({ budgetId: 'shared' }), buildUser({ role: 'internal_user' })];
    const budget = { ...NO_LIMITS, ...team, id: 'shared', rpmLimit: 7, budgetLimits: [], modelMaxBudget: {} };
    await write(bench, async (unit) => {
      await unit.budgets.insert(budget);
      await unit.teams.insert(team);
      await unit.users.insert(user);
      await unit.teamMembers.insert(buildMember({ teamId: team.id, userId: user.id, role: 'admin', tpmLimit: 3 }));
    });
    const ask = () => ownerCache.standingOf({ ...links, userId: user.id, teamId: team.id });
    expect(await ask()).toMatchObject({
      path: {
        user: { id: user.id },
        team: { rpmLimit: 7 },
        member: { role: 'admin', tpmLimit: 3 },
        organization: null,
      },
      memberships: { teams: [{ teamId: team.id }] },
    });
    expect(ask()).not.toBeInstanceOf(Promise);
    await write(bench, (unit) => unit.teams.update({ ...team, blocked: true }));
    expect(await ask()).toMatchObject({ path: { team: { blocked: true } } });
    await write(bench, (unit) => unit.budgets.update({ ...budget, rpmLimit: 8 }));
    expect(await ask()).toMatchObject({ path: { team: { rpmLimit: 8 } } });
    await write(bench, (unit) => unit.users.update({ ...user, deletedAtMs: 1, deletedBy: 'x' }));
    expect(await ask()).toMatchObject({ path: { user: null, member: null, team: {} }, memberships: { teams: [] } });
  });

  test('all keys of a user and of a team are found for what happens to their owner', async () => {
    const [a, b, c] = [buildKey({ userId: 'u-del' }), buildKey({ teamId: 't-del' }), buildKey({ userId: 'u-else' })];
    await write(bench, async (unit) => {
      for (const key of [a, b, c]) await unit.keys.insert(key);
    });
    const removed = await write(bench, async (unit) => {
      const keys = await unit.keys.ofOwners({ userIds: ['u-del'], teamIds: ['t-del'] });
      for (const key of keys) await unit.keys.remove(key, { atMs: bench.nowMs, by: 'admin' });
      return keys.map(({ keyId }) => keyId).sort();
    });
    expect(removed).toEqual({ kind: 'done', value: [a.keyId, b.keyId].sort() });
    expect(await bench.storage.keys.findBySecretHash(a.hash)).toBeUndefined();
    expect(await bench.storage.keys.findBySecretHash(c.hash)).toBeDefined();
  });
});
