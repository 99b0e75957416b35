// Sums by whatever is asked for are the sums of the calls, within whatever scope asks.

import { beforeAll, describe, expect, test } from 'vitest';
import { NOTHING, type Scope } from '../../src/core/scope.ts';
import type { SpendRecord } from '../../src/core/spend-record.ts';
import { buildRecord, NOW_MS } from '../../src/ledger/__fixtures__/calls.ts';
import { computeRollups } from '../../src/ledger/compute-rollups.ts';
import { buildNewKey } from '../../src/storage/__fixtures__/rows.ts';
import type { UsageDimension, UsageQuery, UsageRow } from '../../src/storage/usage-storage.ts';
import { onBothDatabases } from './storage-on-both.ts';

const DAY_MS = 86_400_000;
const LONG = 'u'.repeat(300);

const CALLS: readonly SpendRecord[] = Array.from({ length: 300 }, (_, index) =>
  buildRecord(`r${index}`, index * 7 + 1, {
    startedAtMs: NOW_MS + (index % 3) * DAY_MS,
    keyId: index % 10 === 0 ? null : `key_${index % 4}`,
    keyHash: `hash_${index % 5}`,
    userId: [null, 'ann', LONG][index % 3] as string | null,
    teamId: [null, 'red', 'blue'][index % 4] ?? null,
    organizationId: index % 2 === 0 ? 'acme' : null,
    endUser: index % 6 === 0 ? 'eve' : null,
    model: ['gpt', 'o3'][index % 2] as string,
    provider: index % 5 === 0 ? null : 'openai',
    tags: [[], ['a'], ['b', 'a'], ['c"\\', 'é']][index % 4] as string[],
    status: index % 9 === 0 ? 'failure' : 'success',
    cacheWriteTokens: index % 3,
  }),
);
const dayOf = ({ startedAtMs }: SpendRecord) => new Date(startedAtMs).toISOString().slice(0, 10);
const [FIRST, SECOND, THIRD] = [0, 1, 2].map((day) => new Date(NOW_MS + day * DAY_MS).toISOString().slice(0, 10)) as [
  string,
  string,
  string,
];
const EVERYTHING: UsageQuery = { scope: 'all', firstDay: FIRST, lastDay: THIRD };

const READ: Record<UsageDimension, (call: SpendRecord) => readonly (string | null)[]> = {
  day: (call) => [dayOf(call)],
  key: (call) => [call.keyId],
  key_hash: (call) => [call.keyHash],
  user: (call) => [call.userId],
  team: (call) => [call.teamId],
  organization: (call) => [call.organizationId],
  end_user: (call) => [call.endUser],
  model: (call) => [call.model],
  model_group: (call) => [call.modelGroup],
  provider: (call) => [call.provider],
  tag: (call) => (call.tags.length === 0 ? [''] : call.tags),
  tags: (call) => [JSON.stringify([...call.tags].sort())],
};
const SHOW: Record<UsageDimension, (row: UsageRow) => string> = {
  day: (row) => row.day,
  key: (row) => row.keyId,
  key_hash: (row) => row.keyHash,
  user: (row) => row.userId,
  team: (row) => row.teamId,
  organization: (row) => row.organizationId,
  end_user: (row) => row.endUser,
  model: (row) => row.model,
  model_group: (row) => row.modelGroup,
  provider: (row) => row.provider,
  tag: (row) => row.tag,
  tags: (row) => JSON.stringify(row.tags),
};

/** Long names are shown cut: their beginnings are enough here. */
const short = (name: string | null) => (name ?? '').slice(0, 60);

/** Name of the group → what it adds up to, one call at a time. */
function addUp(calls: readonly SpendRecord[], by: readonly UsageDimension[]): Record<string, number[]> {
  const sums: Record<string, number[]> = {};
  for (const call of calls) {
    const groups = by.reduce<string[]>(
      (names, dimension) => names.flatMap((name) => READ[dimension](call).map((next) => `${name}|${short(next)}`)),
      [''],
    );
    for (const group of groups) {
      const one = [1, call.status === 'failure' ? 1 : 0, call.promptTokens, call.completionTokens];
      one.push(call.cacheReadTokens, call.cacheWriteTokens, call.spendNanoUsd);
      sums[group] = one.map((value, index) => value + (sums[group]?.[index] ?? 0));
    }
  }
  return sums;
}

function show(rows: readonly UsageRow[], by: readonly UsageDimension[]): Record<string, number[]> {
  const shown = rows.map((row) => {
    const { calls, failures, promptTokens, completionTokens, cacheReadTokens, cacheWriteTokens, spendNanoUsd } = row;
    const sums = [calls, failures, promptTokens, completionTokens, cacheReadTokens, cacheWriteTokens, spendNanoUsd];
    return [by.map((dimension) => `|${short(SHOW[dimension](row))}`).join(''), sums] as const;
  });
  expect(new Set(shown.map(([name]) => name)).size).toBe(rows.length);
  return Object.fromEntries(shown);
}

onBothDatabases('sums of usage', (bench) => {
  const key = buildNewKey({ alias: 'named' });
  beforeAll(async () => {
    await bench.storage.keys.insert(key);
    await bench.storage.writes.insertInto('daily_spend').values(computeRollups(CALLS).daily).execute();
  });

  async function readAll(query: UsageQuery, by: readonly UsageDimension[], limit = 7): Promise<UsageRow[]> {
    const rows: UsageRow[] = [];
    for await (const page of bench.storage.usage.readAll(query, by, limit)) {
      expect(page.length).toBeLessThanOrEqual(limit);
      rows.push(...page);
    }
    return rows;
  }

  test.each<UsageDimension[][]>([
    [['day']],
    [['key']],
    [['user']],
    [['tag']],
    [['tags']],
    [['day', 'model', 'key', 'user', 'team', 'tag']],
    [['day', 'organization', 'provider', 'end_user', 'model_group', 'key_hash', 'tags']],
    [['team', 'tag', 'model']],
  ])('by %j are those of the calls, page by page', async (by) => {
    expect(show(await readAll(EVERYTHING, by), by)).toEqual(addUp(CALLS, by));
    expect(await bench.storage.usage.count(EVERYTHING, by)).toBe(Object.keys(addUp(CALLS, by)).length);
    const first = await bench.storage.usage.page(EVERYTHING, by, { limit: 4, offset: 0 });
    const rest = await bench.storage.usage.page(EVERYTHING, by, { limit: 5_000, offset: 4 });
    expect(show([...first, ...rest], by)).toEqual(addUp(CALLS, by));
    if (by[0] === 'day') expect(first[0]?.day).toBe(THIRD);
  });

  const filters: [Partial<UsageQuery>, (call: SpendRecord) => boolean][] = [
    [{ firstDay: SECOND, lastDay: SECOND }, (call) => dayOf(call) === SECOND],
    [{ keyId: 'key_1' }, (call) => call.keyId === 'key_1'],
    [{ keyId: null, keyHash: 'hash_0' }, (call) => call.keyId === null && call.keyHash === 'hash_0'],
    [{ userIds: [LONG] }, (call) => call.userId === LONG],
    [{ teamIds: ['red', 'none'] }, (call) => call.teamId === 'red'],
    [{ exceptTeamIds: ['red'] }, (call) => call.teamId !== 'red'],
    [
      { exceptOrganizationIds: ['acme'], exceptEndUsers: ['eve'] },
      (call) => call.organizationId !== 'acme' && call.endUser !== 'eve',
    ],
    [{ exceptTags: ['b', 'c"\\'] }, (call) => !call.tags.includes('b') && !call.tags.includes('c"\\')],
    [{ exceptTeamIds: [], exceptTags: [] }, () => true],
    [
      { organizationIds: ['acme'], endUsers: ['eve'] },
      (call) => call.organizationId === 'acme' && call.endUser === 'eve',
    ],
    [{ models: ['o3'] }, (call) => call.model === 'o3'],
    [{ models: [] }, () => false],
    [{ tags: ['b', 'c"\\'] }, (call) => call.tags.includes('b') || call.tags.includes('c"\\')],
    [{ having: 'tags' }, (call) => call.tags.length > 0],
    [{ having: 'end_user' }, (call) => call.endUser !== null],
  ];
  test.each(filters)('of %j', async (filter, matches) => {
    const by = ['day', 'team', 'model'] as const;
    const rows = await readAll({ ...EVERYTHING, ...filter }, by);
    expect(show(rows, by)).toEqual(addUp(CALLS.filter(matches), by));
  });

  test('by tag of some tags hold those tags alone', async () => {
    const rows = await readAll({ ...EVERYTHING, tags: ['a'] }, ['tag']);
    expect(show(rows, ['tag'])).toEqual({ '|a': addUp(CALLS, ['tag'])['|a'] });
    const rest = await readAll({ ...EVERYTHING, exceptTags: ['a'] }, ['tag']);
    const { '|a': _left, ...others } = addUp(CALLS, ['tag']);
    expect(show(rest, ['tag'])).toEqual(others);
  });

  const within = (parts: Partial<typeof NOTHING>): Scope => ({ ...NOTHING, ...parts });
  const scopes: [string, Scope, (call: SpendRecord) => boolean][] = [
    ['nothing', NOTHING, () => false],
    ['a user', within({ userIds: ['ann'] }), (call) => call.userId === 'ann'],
    ['a long-named user', within({ userIds: [LONG] }), (call) => call.userId === LONG],
    ['a team', within({ teamIds: ['red'] }), (call) => call.teamId === 'red'],
    ['a key', within({ keyIds: ['key_2'] }), (call) => call.keyId === 'key_2'],
    [
      'a user who administers a team and an organisation',
      within({ userIds: ['ann'], teamIds: ['blue'], organizationIds: ['acme'] }),
      (call) => call.userId === 'ann' || call.teamId === 'blue' || call.organizationId === 'acme',
    ],
  ];
  describe('within the scope of', () => {
    test.each(scopes)('%s', async (_who, scope, owns) => {
      for (const by of [['day', 'user'], ['tag']] as UsageDimension[][]) {
        const mine = addUp(CALLS.filter(owns), by);
        expect(show(await readAll({ ...EVERYTHING, scope }, by), by)).toEqual(mine);
        expect(await bench.storage.usage.count({ ...EVERYTHING, scope }, by)).toBe(Object.keys(mine).length);
      }
    });
  });

  test('keys are named by their ids', async () => {
    const { keyId, mask } = key.key;
    expect(await bench.storage.usage.keyNames([keyId, 'key_of_nobody'])).toEqual(
      new Map([[keyId, { alias: 'named', mask, teamId: key.key.teamId, userId: key.key.userId, lives: true }]]),
    );
    expect(await bench.storage.usage.keyNames([])).toEqual(new Map());
  });
});
