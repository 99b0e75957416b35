// Reports read the ledger's rows, its daily sums and its balances.

import { CompiledQuery } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import type { SpendRecord } from '../../src/core/spend-record.ts';
import { buildRecord } from '../../src/ledger/__fixtures__/calls.ts';
import { LEDGER_SQL } from '../../src/ledger/ledger-sql.ts';
import { buildNewKey, NOW_MS, nextName } from '../../src/storage/__fixtures__/rows.ts';
import type { OpenStorage } from '../../src/storage/open-storage.ts';
import type { SpendQuery } from '../../src/storage/storage.ts';
import { toRowList } from '../support/record-rows.ts';
import { onBothDatabases } from './storage-on-both.ts';

const DAY_MS = 86_400_000;

function buildRow(fields: Partial<SpendRecord>): SpendRecord {
  return buildRecord(nextName('request'), 100, {
    responseId: null,
    startedAtMs: NOW_MS,
    endedAtMs: NOW_MS + 10,
    keyHash: 'hash-1',
    userId: null,
    teamId: null,
    tags: [],
    model: 'gpt-4o',
    metadata: {},
    balances: [],
    ...fields,
  });
}

/** As the ledger does it. */
async function insertRows({ writes, dialect }: OpenStorage, rows: readonly SpendRecord[]): Promise<void> {
  const json = toRowList(rows);
  const parameter = dialect === 'sqlite' ? Buffer.from(json) : json;
  await writes.executeQuery(CompiledQuery.raw(LEDGER_SQL[dialect].insertRecords, [parameter]));
}

function buildDay(fields: Record<string, string | number>) {
  const owners = { key_id: '', key_hash: '', user_id: '', team_id: '', organization_id: '', end_user: '' };
  const call = { model: 'gpt-4o', model_group: '', provider: '', tag_set: '', tags: '' };
  const sums = {
    calls: 1,
    failures: 0,
    prompt_tokens: 1,
    completion_tokens: 1,
    cache_read_tokens: 0,
    cache_write_tokens: 0,
    spend_nano_usd: 1,
  };
  return { day: '2026-01-15', ...owners, ...call, ...sums, ...fields };
}

onBothDatabases('reports', (bench) => {
  const cheap = buildNewKey({ alias: 'cheap' });
  const dear = buildNewKey({ alias: 'dear', mask: null });

  beforeAll(async () => {
    await bench.storage.keys.insert(cheap);
    await bench.storage.keys.insert(dear);
    const rows = [
      buildRow({
        requestId: 'r1',
        userId: 'ann',
        tags: ['a', 'b"c'],
        responseId: 'chatcmpl-1',
        stream: true,
        usageEstimated: true,
      }),
      buildRow({
        requestId: 'r2',
        startedAtMs: NOW_MS + 1,
        teamId: 'red',
        status: 'failure',
        spendNanoUsd: 0,
        keyHash: 'hash-0',
      }),
      buildRow({
        requestId: 'r3',
        startedAtMs: NOW_MS + 1,
        endUser: 'eve',
        model: 'o3',
        spendNanoUsd: 9_007_199_254_740_991,
        metadata: { a: [1] },
      }),
      buildRow({
        requestId: 'r4',
        startedAtMs: NOW_MS + 2,
        keyId: null,
        keyHash: 'master',
        userId: 'ann',
        tags: ['c', 'B'],
      }),
    ];
    await insertRows(bench.storage, rows);
    const [cheapId, dearId] = [cheap.key.keyId, dear.key.keyId];
    const days = [
      buildDay({ key_id: cheapId, key_hash: 'h1', user_id: 'ann', spend_nano_usd: 5 }),
      buildDay({ key_id: cheapId, key_hash: 'h1', user_id: 'ann', spend_nano_usd: 6, team_id: 'red' }),
      buildDay({ key_id: cheapId, key_hash: 'h1', user_id: 'ann', spend_nano_usd: 7, model: 'o3', end_user: 'eve' }),
      buildDay({ key_id: dearId, key_hash: 'h2', spend_nano_usd: 4_000_000_000_000, day: '2026-01-16' }),
      buildDay({ key_hash: 'master', spend_nano_usd: 1, day: '2026-01-14' }),
    ];
    await bench.storage.writes.insertInto('daily_spend').values(days).execute();
    await bench.storage.writes
      .insertInto('daily_tag_spend')
      .values([
        { day: '2026-01-14', tag: 'a', calls: 1, spend_nano_usd: 10 },
        { day: '2026-01-15', tag: 'a', calls: 2, spend_nano_usd: 20 },
        { day: '2026-01-15', tag: 'b', calls: 3, spend_nano_usd: 25 },
      ])
      .execute();
  });

  const queries: [SpendQuery, string[]][] = [
    [{}, ['r1', 'r2', 'r3', 'r4']],
    [{ requestId: 'r2' }, ['r2']],
    [{ requestId: 'chatcmpl-1' }, ['r1']],
    [{ keyId: 'key_1' }, ['r1', 'r2', 'r3']],
    [{ keyHash: 'hash-0' }, ['r2']],
    [{ keyId: 'key_1', keyHash: 'master' }, []],
    [{ userId: 'ann' }, ['r1', 'r4']],
    [{ teamId: 'red' }, ['r2']],
    [{ endUser: 'eve' }, ['r3']],
    [{ model: 'o3' }, ['r3']],
    [{ status: 'failure' }, ['r2']],
    [{ tag: 'a' }, ['r1']],
    [{ tag: 'b"c' }, ['r1']],
    [{ tag: 'c' }, ['r4']],
    [{ tag: 'b' }, []],
    [{ fromMs: NOW_MS + 1 }, ['r2', 'r3', 'r4']],
    [{ fromMs: NOW_MS, toMs: NOW_MS + 2 }, ['r1', 'r2', 'r3']],
    [{ minSpendNanoUsd: 100, maxSpendNanoUsd: 100 }, ['r1', 'r4']],
    [{ userId: 'ann', fromMs: NOW_MS + 1 }, ['r4']],
  ];
  test.each(queries)('%j', async (query, ids) => {
    const read = async (order: 'asc' | 'desc') =>
      (await bench.storage.spend.rows(query, { limit: 10, offset: 0, order })).map((row) => row.requestId);
    expect(await read('asc')).toEqual(ids);
    expect(await read('desc')).toEqual([...ids].reverse());
    expect(await bench.storage.spend.count(query, 10)).toEqual({ count: ids.length, isWhole: true });
    const latest = await bench.storage.spend.count(query, 1);
    expect(latest.count).toBeLessThanOrEqual(Math.min(1, ids.length));
    if (latest.isWhole) expect(latest.count).toBe(ids.length);
  });

  test('a row comes back in its own types, and pages join up', async () => {
    const [first] = await bench.storage.spend.rows({}, { limit: 1, offset: 0, order: 'asc' });
    expect(first).toMatchObject({
      requestId: 'r1',
      tags: ['a', 'b"c'],
      stream: true,
      usageEstimated: true,
      metadata: {},
    });
    const [third] = await bench.storage.spend.rows({}, { limit: 1, offset: 2, order: 'asc' });
    expect(third).toMatchObject({ spendNanoUsd: 9_007_199_254_740_991, metadata: { a: [1] }, stream: false });
    expect(third).not.toHaveProperty('balances');
  });

  test('more rows than fit in one answer of the database are read in pieces', async () => {
    const rows = Array.from({ length: 1_203 }, () => buildRow({ model: 'many' }));
    await insertRows(bench.storage, rows);
    const read = await bench.storage.spend.rows({ model: 'many' }, { limit: 5_000, offset: 3, order: 'asc' });
    expect(new Set(read.map((row) => row.requestId)).size).toBe(1_200);
  });

  test('days are summed over what a report does not ask about, and cut at UTC midnight', async () => {
    const daily = bench.storage.spend.daily;
    const ofCheap = { day: '2026-01-15', keyId: cheap.key.keyId, keyHash: 'h1', userId: 'ann' };
    const master = {
      day: '2026-01-14',
      keyId: null,
      keyHash: 'master',
      userId: null,
      model: 'gpt-4o',
      spendNanoUsd: 1,
    };
    const ofDear = {
      day: '2026-01-16',
      keyId: dear.key.keyId,
      keyHash: 'h2',
      userId: null,
      model: 'gpt-4o',
      spendNanoUsd: 4_000_000_000_000,
    };
    const both = [
      { ...ofCheap, model: 'gpt-4o', spendNanoUsd: 11 },
      { ...ofCheap, model: 'o3', spendNanoUsd: 7 },
    ];
    expect(await daily({})).toEqual([master, ...both, ofDear]);
    expect(await daily({ userId: 'ann' })).toEqual(both);
    expect(await daily({ keyId: dear.key.keyId })).toEqual([ofDear]);
    const midnight = Date.UTC(2026, 0, 15);
    expect(await daily({ fromMs: midnight, toMs: midnight + DAY_MS })).toEqual(both);
    expect(await daily({ toMs: midnight })).toEqual([master]);
  });

  test('a report of thousands of lines is complete', async () => {
    const days = Array.from({ length: 5_200 }, (_, index) =>
      buildDay({ day: '2020-01-01', user_id: `u${index}`, key_hash: `h${index % 7}` }),
    );
    for (let start = 0; start < days.length; start += 1_000) {
      await bench.storage.writes
        .insertInto('daily_spend')
        .values(days.slice(start, start + 1_000))
        .execute();
    }
    const read = await bench.storage.spend.daily({ toMs: Date.UTC(2020, 0, 2) });
    expect(new Set(read.map((day) => day.userId)).size).toBe(5_200);
    expect(read).toHaveLength(5_200);
    await bench.storage.writes.deleteFrom('daily_spend').where('day', '=', '2020-01-01').execute();
  });

  test('sums by tag, model, user and key, the dearest first', async () => {
    const { spend } = bench.storage;
    const a = { tag: 'a', calls: 3, spendNanoUsd: 30, firstDay: '2026-01-14', lastDay: '2026-01-15' };
    const b = { tag: 'b', calls: 3, spendNanoUsd: 25, firstDay: '2026-01-15', lastDay: '2026-01-15' };
    expect(await spend.byTag({})).toEqual([a, b]);
    expect(await spend.byTag({ fromMs: NOW_MS })).toEqual([
      b,
      { ...a, calls: 2, spendNanoUsd: 20, firstDay: '2026-01-15' },
    ]);
    expect(await spend.byModel(9)).toEqual([
      { model: 'gpt-4o', spendNanoUsd: 4_000_000_000_012 },
      { model: 'o3', spendNanoUsd: 7 },
    ]);
    expect(await spend.byModel(1)).toHaveLength(1);
    expect(await spend.byUser(9)).toEqual([{ userId: 'ann', spendNanoUsd: 18 }]);
    expect(await spend.byUser(9, 'ann')).toEqual([{ userId: 'ann', spendNanoUsd: 18 }]);
    expect(await spend.byUser(9, 'bob')).toEqual([]);
    expect(await spend.byUser(0)).toEqual([]);
    const eve = { endUser: 'eve', calls: 1, spendNanoUsd: 7 };
    expect(await spend.byEndUser({}, 9)).toEqual([eve]);
    expect(await spend.byEndUser({ keyId: 'key_of_nobody' }, 9)).toEqual([]);
    expect(await spend.byEndUser({ toMs: 1 }, 9)).toEqual([]);
    expect(await spend.byEndUser({ keyId: cheap.key.keyId, keyHash: 'h1', fromMs: 1 }, 9)).toEqual([eve]);
    expect(await spend.byKey(9)).toEqual([
      {
        keyId: dear.key.keyId,
        keyHash: dear.key.hash,
        keyAlias: 'dear',
        keyMask: null,
        spendNanoUsd: 4_000_000_000_000,
      },
      { keyId: cheap.key.keyId, keyHash: cheap.key.hash, keyAlias: 'cheap', keyMask: cheap.key.mask, spendNanoUsd: 18 },
    ]);
    expect(await spend.total()).toBe(4_000_000_000_019);
  });

  test('balances answer for what was asked and is there', async () => {
    await bench.storage.writes
      .insertInto('balances')
      .values({ counter: 'team:red/spend', nano_usd: 12, key_id: null })
      .execute();
    expect(await bench.storage.spend.balances(['team:red/spend', 'team:blue/spend'])).toEqual(
      new Map([['team:red/spend', 12]]),
    );
    expect(await bench.storage.spend.balances([])).toEqual(new Map());
  });
});
