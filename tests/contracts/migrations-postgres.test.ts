// What an upgrade promises on PostgreSQL: of several processes one migrates and none serves before all is in; what a
// database had before it still has afterwards, so that the previous version goes on; other software's tables are let alone.

import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Connection } from '../../src/storage/connection.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { startTestApp } from '../support/compose-for-test.ts';
import {
  ALL_MIGRATIONS as ALL,
  insertCall,
  listMigrations,
  migrateTo,
  OLD_SCHEMA as OLD,
  openTestConnection,
} from '../support/old-schema.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

/** Landed before the rule was held to: needs all processes of earlier versions to be stopped. */
const STOPS_EARLIER_VERSIONS = new Set(['0023-daily-tags', '0025-daily-partitions']);

let database: TestDatabase;
let connection: Connection;
beforeEach(async () => {
  database = await createTestDatabase();
  connection = openTestConnection(database.url);
});
afterEach(async () => {
  await connection.close();
  await database.drop();
});

/** Every column of every table of ours: its type, and whether an insert has to name it. */
async function readColumns(): Promise<Map<string, { type: string; mustBeGiven: boolean; table: string }>> {
  const { rows } = await sql<{ table: string; column: string; type: string; must: boolean }>`
    select table_name as "table", column_name as "column", data_type as "type",
      is_nullable = 'NO' and column_default is null and is_identity = 'NO' as must
    from information_schema.columns where table_schema = 'public'`.execute(connection.writes);
  return new Map(
    rows.map(({ table, column, type, must }) => [`${table}.${column}`, { table, type, mustBeGiven: must }]),
  );
}

test('of five processes that start at once on an old schema one migrates, and all of them serve the whole of it', {
  timeout: 120_000,
}, async () => {
  await migrateTo(connection, OLD);
  await insertCall(connection, 'before');
  const reports = await Promise.all([1, 2, 3].map(() => migrate(database.url)));
  expect(reports.flatMap(({ applied }) => applied)).toEqual(ALL.filter((name) => name > OLD));

  await sql`drop schema public cascade`.execute(connection.writes);
  await sql`create schema public`.execute(connection.writes);
  await migrateTo(connection, OLD);
  await insertCall(connection, 'kept');
  const apps = await Promise.all(
    [1, 2, 3, 4, 5].map(async () => {
      const gateway = await startTestApp({ databaseUrl: database.url });
      // It is ready now, so all of them have to be in.
      expect(await listMigrations(connection)).toEqual(ALL);
      return gateway;
    }),
  );
  for (const { app, masterKey } of apps) {
    const headers = { authorization: `Bearer ${masterKey}` };
    const made = await app.inject({ method: 'POST', url: '/key/generate', headers, payload: {} });
    expect(made.statusCode).toBe(200);
  }
  const { rows } = await sql<{ request_id: string }>`select request_id from spend_logs`.execute(connection.writes);
  expect(rows).toEqual([{ request_id: 'kept' }]);
  for (const gateway of apps) await gateway.close();
});

test('no migration takes away a column, changes its type, or asks for more than the previous version gives', async () => {
  await migrateTo(connection, OLD);
  let before = await readColumns();
  for (const name of ALL.filter((one) => one > OLD)) {
    await migrateTo(connection, name);
    const after = await readColumns();
    const tables = new Set(Array.from(before.values(), ({ table }) => table));
    for (const [column, { type, mustBeGiven }] of before) {
      expect([name, column, after.get(column)?.type]).toEqual([name, column, type]);
      expect([name, column, mustBeGiven || after.get(column)?.mustBeGiven === false]).toEqual([name, column, true]);
    }
    const demanded = [...after].filter(
      ([column, { table, mustBeGiven }]) => mustBeGiven && !before.has(column) && tables.has(table),
    );
    if (!STOPS_EARLIER_VERSIONS.has(name)) expect([name, demanded]).toEqual([name, []]);
    before = after;
  }
});

test("other software's tables are as they were", async () => {
  const db = connection.writes;
  await sql`create table "LiteLLM_VerificationToken" (token text primary key, spend double precision)`.execute(db);
  await sql`insert into "LiteLLM_VerificationToken" values ('hash', 1.5)`.execute(db);
  await sql`create schema other`.execute(db);
  await sql`create table other.keys (id int primary key, secret text)`.execute(db);
  await sql`insert into other.keys values (1, 'theirs')`.execute(db);
  await migrate(database.url);
  const gateway = await startTestApp({ databaseUrl: database.url });
  const headers = { authorization: `Bearer ${gateway.masterKey}` };
  const made = await gateway.app.inject({ method: 'POST', url: '/key/generate', headers, payload: {} });
  expect(made.statusCode).toBe(200);
  await gateway.close();
  const { rows: tokens } = await sql`select * from "LiteLLM_VerificationToken"`.execute(db);
  expect(tokens).toEqual([{ token: 'hash', spend: 1.5 }]);
  const { rows: keys } = await sql`select * from other.keys`.execute(db);
  expect(keys).toEqual([{ id: 1, secret: 'theirs' }]);
  const { rows: columns } = await sql<{ n: number }>`select count(*)::int as n from information_schema.columns
    where table_name = 'LiteLLM_VerificationToken' or (table_schema = 'other' and table_name = 'keys')`.execute(db);
  expect(columns).toEqual([{ n: 4 }]);
});
