// Daily sums of a version that knew neither tags nor cache writes get both from the ledger's rows.

import { CompiledQuery, type Kysely } from 'kysely';
import { expect, test } from 'vitest';
import type { SpendRecord } from '../../src/core/spend-record.ts';
import { buildRecord, NOW_MS } from '../../src/ledger/__fixtures__/calls.ts';
import { computeRollups, type DailyRow } from '../../src/ledger/compute-rollups.ts';
import { LEDGER_SQL } from '../../src/ledger/ledger-sql.ts';
import { openConnection } from '../../src/storage/connection.ts';
import { createSpend } from '../../src/storage/migrations/0003-spend.ts';
import { createSpendRecords } from '../../src/storage/migrations/0010-spend-records.ts';
import { extendDailySums } from '../../src/storage/migrations/0023-daily-tags.ts';
import { keepExpiredCalls } from '../../src/storage/migrations/0024-expired-calls.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { toRowList } from '../support/record-rows.ts';

const DAY_MS = 86_400_000;

/** Two days of calls: tags in every order, long names, failures, hours apart. */
function buildCalls(): SpendRecord[] {
  return Array.from({ length: 200 }, (_, index) =>
    buildRecord(`r${index}`, index, {
      startedAtMs: NOW_MS + (index % 2) * DAY_MS + (index % 5) * 3_600_000,
      keyId: index % 7 === 0 ? null : `key_${index % 3}`,
      endUser: index % 11 === 0 ? 'e'.repeat(200 + (index % 4)) : null,
      tags: [['b', 'a'], ['a', 'b'], ['a"\\x'], ['t'.repeat(300)], []][index % 5] as string[],
      status: index % 6 === 0 ? 'failure' : 'success',
      provider: index % 4 === 0 ? null : 'openai',
      cacheWriteTokens: index % 10,
    }),
  );
}

/** The day's sums as they were before: a row for all tags together. */
function toOldRows(records: readonly SpendRecord[]): object[] {
  return computeRollups(records.map((record) => ({ ...record, tags: [] }))).daily.map(
    ({ tags: _tags, tag_set: _set, cache_write_tokens: _written, ...row }) => row,
  );
}

const byKey = (rows: readonly DailyRow[]) =>
  [...rows].map((row) => JSON.stringify(row, Object.keys(row).sort())).sort();

test.each(['sqlite', 'postgres'] as const)('daily sums of an older database are made again, on %s', async (dialect) => {
  const database = dialect === 'postgres' ? await createTestDatabase() : { url: ':memory:', drop: async () => {} };
  const connection = openConnection({ url: database.url, poolSize: 1, queryTimeoutMs: 0 });
  const db = connection.writes;
  const untyped = db as unknown as Kysely<unknown>;
  await createSpend(untyped, dialect);
  await createSpendRecords(untyped, dialect);
  // The statement that writes calls looks into it.
  await keepExpiredCalls(untyped, dialect);
  const records = buildCalls();
  const json = toRowList(records);
  const parameter = dialect === 'sqlite' ? Buffer.from(json) : json;
  await db.executeQuery(CompiledQuery.raw(LEDGER_SQL[dialect].insertRecords, [parameter]));
  const gone = buildRecord('gone', 77, { startedAtMs: NOW_MS - DAY_MS, tags: ['x'], cacheWriteTokens: 9 });
  await db
    .insertInto('daily_spend')
    .values(toOldRows([...records, gone]) as never)
    .execute();

  await extendDailySums(untyped, dialect);

  const kept = computeRollups([{ ...gone, tags: [], cacheWriteTokens: 0 }]).daily;
  const rows = await db.selectFrom('daily_spend').selectAll().execute();
  expect(byKey(rows)).toEqual(byKey([...computeRollups(records).daily, ...kept]));
  await connection.close();
  await database.drop();
});
