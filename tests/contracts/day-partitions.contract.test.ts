// Calls stand in a table for every day on PostgreSQL: made from one table, added ahead, filled, dropped.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildRecord, KEY_COUNTER, NOW_MS } from '../../src/ledger/__fixtures__/calls.ts';
import { createWorld, MANUAL, type World } from '../../src/ledger/__fixtures__/ledger-world.ts';
import { checkLedger } from '../../src/ledger/check-ledger.ts';
import { addDays, dropDays } from '../../src/ledger/day-partitions.ts';
import { expireCalls } from '../../src/ledger/expire-calls.ts';
import { splitCallsByDay } from '../../src/storage/migrations/0025-daily-partitions.ts';
import { openStorage } from '../../src/storage/open-storage.ts';
import { createTestDatabase } from '../support/postgres.ts';

const DAY_MS = 86_400_000;
/** After the days that a new database has, whatever day it is. */
const LATER_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS + 400 * DAY_MS;

let world: World;
let drop: () => Promise<void>;
let db: Kysely<unknown>;
beforeEach(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  world = await createWorld(openStorage, { url: database.url });
  db = world.storage.writes as unknown as Kysely<unknown>;
});
afterEach(async () => {
  await world.close();
  await drop();
});

const check = () => checkLedger(world.storage.reads, 'postgres');
const balance = async () => (await world.shippedBalances()).get(KEY_COUNTER) ?? 0;
const nameOf = (ms: number) => `spend_logs_${new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')}`;

async function settle(calls: Record<string, number>): Promise<void> {
  const { ledger } = await world.open(MANUAL);
  for (const [id, startedAtMs] of Object.entries(calls)) {
    await ledger.settle(buildRecord(id, 10, { startedAtMs, tags: ['a', 'b'] }));
  }
  await ledger.close();
}

/** Table → ids of the calls in it. */
async function listTables(): Promise<Record<string, string[]>> {
  const { rows } = await sql<{ name: string; ids: string[] }>`
    select tableoid::regclass::text as name, array_agg(request_id order by request_id) as ids
    from spend_logs group by 1 order by 1`.execute(db);
  return Object.fromEntries(rows.map(({ name, ids }) => [name, ids]));
}

const countDays = async () => {
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = 'spend_logs'::regclass`.execute(db);
  return rows.map(({ name }) => name);
};

test('a new database has tables for the next days, and others are added once, however many processes do', async () => {
  const before = await countDays();
  expect(before).toContain(nameOf(Date.now()));
  await Promise.all(Array.from({ length: 4 }, () => addDays(db, LATER_MS)));
  await addDays(db, LATER_MS);
  const added = (await countDays()).filter((name) => !before.includes(name));
  expect(added.sort()).toEqual(Array.from({ length: 8 }, (_, day) => nameOf(LATER_MS + day * DAY_MS)));
  await settle({ first: LATER_MS, last: LATER_MS + DAY_MS - 1, next: LATER_MS + DAY_MS });
  expect(await listTables()).toEqual({
    [nameOf(LATER_MS)]: ['first', 'last'],
    [nameOf(LATER_MS + DAY_MS)]: ['next'],
  });
});

test('a call that no day is there for is kept, and counted once, and its day is not taken from it', async () => {
  await settle({ early: LATER_MS });
  await settle({ early: LATER_MS });
  expect(await listTables()).toEqual({ spend_logs_other: ['early'] });
  expect(await balance()).toBe(10);
  await addDays(db, LATER_MS);
  expect(await countDays()).not.toContain(nameOf(LATER_MS));
  expect(await countDays()).toContain(nameOf(LATER_MS + DAY_MS));
  expect(await check()).toMatchObject({ calls: 1, differing: 0 });
});

test('days are dropped when they are over, and the books stay as they were', async () => {
  await addDays(db, LATER_MS);
  await settle({ one: LATER_MS, two: LATER_MS + 5_000_000, three: LATER_MS + DAY_MS, four: LATER_MS + 2 * DAY_MS });
  const [before, books] = [await world.shippedBalances(), await check()];
  expect(books).toMatchObject({ calls: 4, differing: 0 });
  expect(await dropDays(db, LATER_MS + 2 * DAY_MS)).toBe(3);
  expect(await dropDays(db, LATER_MS + 2 * DAY_MS)).toBe(0);
  expect(await listTables()).toEqual({ [nameOf(LATER_MS + 2 * DAY_MS)]: ['four'] });
  expect(await countDays()).not.toContain(nameOf(LATER_MS));
  expect(await world.shippedBalances()).toEqual(before);
  expect(await check()).toEqual(books);
  // A journal that is found afterwards: one bill was counted, the other was not.
  await settle({ two: LATER_MS + 5_000_000, five: LATER_MS });
  expect(await listTables()).toMatchObject({ spend_logs_other: ['five'] });
  expect(await check()).toMatchObject({ calls: 5, differing: 0 });
  expect(await expireCalls(db, 'postgres', { beforeMs: LATER_MS + 2 * DAY_MS, limit: 10 })).toBe(1);
  expect(await check()).toMatchObject({ calls: 5, differing: 0 });
});

test('while somebody reads a day it stays, and nobody waits long', async () => {
  await addDays(db, LATER_MS);
  await settle({ one: LATER_MS });
  await world.storage.reads.transaction().execute(async (reader) => {
    await sql`select count(*) from ${sql.ref(nameOf(LATER_MS))}`.execute(reader);
    expect(await dropDays(db, LATER_MS + DAY_MS)).toBe(0);
  });
  expect(await check()).toMatchObject({ calls: 1, differing: 0 });
  expect(await dropDays(db, LATER_MS + DAY_MS)).toBe(1);
  expect(await check()).toMatchObject({ calls: 1, differing: 0 });
});

test('a day is dropped although something like a vacuum, which PostgreSQL ends after a second, is in the way', async () => {
  await addDays(db, LATER_MS);
  await settle({ one: LATER_MS });
  let dropped: Promise<number> | undefined;
  await world.storage.reads.transaction().execute(async (vacuum) => {
    await sql`lock table ${sql.ref(nameOf(LATER_MS))} in share update exclusive mode`.execute(vacuum);
    dropped = dropDays(db, LATER_MS + DAY_MS);
    await sleep(1_300);
  });
  expect(await dropped).toBe(1);
  expect(await check()).toMatchObject({ calls: 1, differing: 0 });
});

test('a table that was one becomes the first part as it is, with its indexes, and goes when it is empty', async () => {
  await makeOneTable();
  await settle({ old: NOW_MS, older: NOW_MS - DAY_MS });
  await db.transaction().execute((transaction) => splitCallsByDay(transaction, 'postgres'));
  expect(await listTables()).toEqual({ spend_logs_earlier: ['old', 'older'] });
  const { rows } = await sql<{ own: number; attached: number }>`select
    (select count(*)::int from pg_index where indrelid = 'spend_logs'::regclass) as own,
    (select count(*)::int from pg_index i join pg_inherits on inhrelid = i.indexrelid
      where i.indrelid = 'spend_logs_earlier'::regclass) as attached`.execute(db);
  expect(rows[0]?.own).toBeGreaterThan(5);
  expect(rows[0]?.attached).toBe(rows[0]?.own);
  // The same bill again, and a new one, after the split.
  await settle({ old: NOW_MS, today: Date.now() });
  expect(await listTables()).toEqual({ spend_logs_earlier: ['old', 'older', 'today'] });
  expect(await check()).toMatchObject({ calls: 3, differing: 0 });
  expect(await dropDays(db, LATER_MS)).toBe(0);
  expect(await countDays()).toContain('spend_logs_earlier');
  expect(await expireCalls(db, 'postgres', { beforeMs: LATER_MS, limit: 10 })).toBe(3);
  await dropDays(db, LATER_MS);
  expect(await countDays()).not.toContain('spend_logs_earlier');
  expect(await check()).toMatchObject({ calls: 3, differing: 0 });
});

/** As it was before: with all indexes, and one for the ids of calls. */
async function makeOneTable(): Promise<void> {
  const { rows } = await sql<{ definition: string }>`
    select pg_get_indexdef(indexrelid) as definition from pg_index
    where indrelid = 'spend_logs'::regclass`.execute(db);
  await sql`create table one_table (like spend_logs including defaults)`.execute(db);
  await sql`drop table spend_logs`.execute(db);
  await sql`alter table one_table rename to spend_logs`.execute(db);
  await sql`alter table spend_logs add constraint spend_records_request_id unique (request_id)`.execute(db);
  for (const { definition } of rows) await sql.raw(definition.replace(' ON ONLY ', ' ON ')).execute(db);
}
