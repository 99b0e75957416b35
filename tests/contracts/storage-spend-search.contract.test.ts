// Calls are found by what stands in their records alone and by whose they are, and come in an order that no index has.

import { CompiledQuery } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import type { SpendRecord } from '../../src/core/spend-record.ts';
import { buildRecord } from '../../src/ledger/__fixtures__/calls.ts';
import { LEDGER_SQL } from '../../src/ledger/ledger-sql.ts';
import { buildNewKey, buildTeam, NOW_MS } from '../../src/storage/__fixtures__/rows.ts';
import type { SpendQuery, SpendSort } from '../../src/storage/storage.ts';
import { toRowList } from '../support/record-rows.ts';
import { onBothDatabases } from './storage-on-both.ts';

const CALLS: Record<string, Partial<SpendRecord>> = {
  r1: { userId: 'ann', teamId: null, keyAlias: 'ann at work', totalTokens: 9, firstTokenAtMs: NOW_MS + 5 },
  r2: { userId: 'bob', teamId: 'red', organizationId: 'org', sessionId: 'session-2', totalTokens: 10, spendNanoUsd: 7 },
  r3: {
    userId: null,
    teamId: 'red',
    status: 'failure',
    httpStatus: 404,
    model: 'o3',
    modelGroup: 'thinkers',
    metadata: { error_message: "no 100% model_like 'this'" },
    totalTokens: 0,
    endedAtMs: NOW_MS + 900,
  },
  r4: {
    keyId: 'key_4',
    userId: 'eve',
    teamId: null,
    organizationId: 'other',
    deploymentId: 'd-4',
    httpStatus: 404,
    totalTokens: 100,
  },
};

onBothDatabases('calls', (bench) => {
  beforeAll(async () => {
    const rows = Object.entries(CALLS).map(([id, fields], index) =>
      buildRecord(id, 100, {
        startedAtMs: NOW_MS + index,
        endedAtMs: NOW_MS + index + 10,
        firstTokenAtMs: null,
        organizationId: null,
        keyAlias: null,
        sessionId: 'session-1',
        modelGroup: 'gpt-4o',
        deploymentId: 'd-1',
        model: 'gpt-4o',
        metadata: {},
        balances: [],
        ...fields,
      }),
    );
    const { writes, dialect } = bench.storage;
    const json = toRowList(rows);
    const parameter = dialect === 'sqlite' ? Buffer.from(json) : json;
    await writes.executeQuery(CompiledQuery.raw(LEDGER_SQL[dialect].insertRecords, [parameter]));
    await bench.storage.transact(async (unit) => {
      await unit.teams.insert(buildTeam({ id: 'red', organizationId: 'org' }));
    });
    await bench.storage.keys.insert(buildNewKey({ keyId: 'key_4', organizationId: 'other' }));
  });

  const none = { userIds: [], teamIds: [], organizationIds: [] };
  test.each<[SpendQuery, string[]]>([
    [{ modelGroup: 'thinkers' }, ['r3']],
    [{ modelGroup: 'think' }, []],
    [{ deploymentId: 'd-4' }, ['r4']],
    [{ errorCode: '404' }, ['r3']],
    [{ keyAliasPart: 'at w' }, ['r1']],
    [{ keyAliasPart: 'AT W' }, []],
    [{ sessionIdPart: 'session-' }, ['r1', 'r2', 'r3', 'r4']],
    [{ sessionIdPart: 'n-2', teamId: 'red' }, ['r2']],
    [{ errorPart: "100% model_like 'th" }, ['r3']],
    [{ errorPart: 'model%like' }, []],
    [{ scope: none }, []],
    [{ scope: { ...none, userIds: ['ann', 'eve'] } }, ['r1', 'r4']],
    [{ scope: { ...none, teamIds: ['red'] } }, ['r2', 'r3']],
    [{ scope: { ...none, organizationIds: ['org', 'third'] } }, ['r2', 'r3']],
    [{ scope: { userIds: ['ann'], teamIds: ['blue'], organizationIds: ['other'] } }, ['r1', 'r4']],
    [{ scope: { userIds: ['bob', 'eve'], teamIds: ['red'], organizationIds: ['org', 'other'] } }, ['r2', 'r3', 'r4']],
    [{ scope: { ...none, teamIds: ['red'] }, userId: 'bob' }, ['r2']],
    [{ scope: { ...none, organizationIds: ['other'] }, keyId: 'key_4' }, ['r4']],
    [{ scope: { ...none, teamIds: ['red'] }, model: 'o3' }, ['r3']],
    [{ scope: { ...none, teamIds: ['red'] }, status: 'success', fromMs: NOW_MS, toMs: NOW_MS + 9 }, ['r2']],
  ])('%j', async (query, ids) => {
    const rows = await bench.storage.spend.rows(query, { limit: 10, offset: 0, order: 'asc' });
    expect(rows.map((row) => row.requestId)).toEqual(ids);
    expect(await bench.storage.spend.count(query, 10)).toEqual({ count: ids.length, isWhole: true });
  });

  test('of many owners come page by page, and so do those counted', async () => {
    const query = { scope: { userIds: ['ann', 'eve'], teamIds: ['red'], organizationIds: [] } };
    const page = async (offset: number, order: 'asc' | 'desc') =>
      (await bench.storage.spend.rows(query, { limit: 2, offset, order })).map((row) => row.requestId);
    expect([await page(0, 'desc'), await page(2, 'desc')]).toEqual([
      ['r4', 'r3'],
      ['r2', 'r1'],
    ]);
    expect([await page(0, 'asc'), await page(2, 'asc')]).toEqual([
      ['r1', 'r2'],
      ['r3', 'r4'],
    ]);
    expect(await bench.storage.spend.count(query, 3)).toEqual({ count: 3, isWhole: false });
  });

  test.each<[SpendSort, string[], string[]]>([
    ['spend', ['r2', 'r4', 'r3', 'r1'], ['r4', 'r3', 'r1', 'r2']],
    ['total_tokens', ['r3', 'r1', 'r2', 'r4'], ['r4', 'r2', 'r1', 'r3']],
    ['ended_at', ['r1', 'r2', 'r4', 'r3'], ['r3', 'r4', 'r2', 'r1']],
    ['duration', ['r4', 'r2', 'r1', 'r3'], ['r3', 'r4', 'r2', 'r1']],
    ['model', ['r4', 'r2', 'r1', 'r3'], ['r3', 'r4', 'r2', 'r1']],
    ['first_token', ['r1', 'r4', 'r3', 'r2'], ['r1', 'r4', 'r3', 'r2']],
  ])('by %s, what has none and what is equal the latest first', async (sortBy, rising, falling) => {
    for (const [order, ids] of [
      ['asc', rising],
      ['desc', falling],
    ] as const) {
      const read = async (limit: number, offset: number) =>
        (await bench.storage.spend.rows({}, { limit, offset, order, sortBy })).map((row) => row.requestId);
      expect(await read(10, 0)).toEqual(ids);
      expect(await read(2, 1)).toEqual(ids.slice(1, 3));
    }
  });
});
