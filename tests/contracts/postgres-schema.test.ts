// An installation in a schema of its own: beside another one, and beside software that names its tables alike.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../../src/storage/migrate.ts';
import { createPostgresPool } from '../../src/storage/postgres-pool.ts';
import { startTestApp } from '../support/compose-for-test.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let admin: pg.Client;
beforeEach(async () => {
  database = await createTestDatabase();
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
});
afterEach(async () => {
  await admin.end();
  await database.drop();
});

async function countTables(schema: string): Promise<number> {
  const { rows } = await admin.query('select count(*)::int as tables from pg_tables where schemaname = $1', [schema]);
  return rows[0].tables as number;
}

test.each(['schema=My%20gateway', 'options=-c%20search_path%3D%22My%5C%20gateway%22'])(
  'with ?%s all is in that schema, whatever other schemas have',
  async (option) => {
    await migrate(database.url);
    const before = await countTables('public');
    await admin.query('create schema "My gateway"');
    const url = `${database.url}?${option}`;
    expect((await migrate(url)).applied).not.toEqual([]);
    expect((await migrate(url)).applied).toEqual([]);
    expect(await countTables('My gateway')).toBe(before);

    const app = await startTestApp({ databaseUrl: url });
    const made = await app.app.inject({
      method: 'POST',
      url: '/key/generate',
      headers: { authorization: `Bearer ${app.masterKey}` },
      payload: { key_alias: 'there' },
    });
    expect(made.statusCode).toBe(200);
    await app.close();
    expect((await admin.query('select alias from "My gateway".keys')).rows).toEqual([{ alias: 'there' }]);
    expect((await admin.query('select 1 from public.keys')).rows).toEqual([]);
  },
);

test("another program's list of migrations in another schema is not taken for ours", async () => {
  await admin.query('create schema own; create table public.kysely_migration (name text, timestamp text)');
  await admin.query("insert into public.kysely_migration values ('9999-theirs', '')");
  const report = await migrate(`${database.url}?schema=own`);
  expect(report.unknown).toEqual([]);
  expect(report.applied).not.toEqual([]);
});

test('a schema that there is not is told, and nothing is made anywhere', async () => {
  await expect(migrate(`${database.url}?schema=nowhere`)).rejects.toThrow(/Make it first: create schema/);
  expect(await countTables('public')).toBe(0);
});

test('a role that may make no tables is told what to grant, and needs no more than that', async () => {
  const role = `Plain ${randomBytes(4).toString('hex')}`;
  await admin.query(`create role "${role}" login password 'plain'; revoke create on schema public from public`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'plain';
  try {
    await expect(migrate(url.href)).rejects.toThrow(`grant usage, create on schema public to "${role}".`);
    expect(await countTables('public')).toBe(0);
    await admin.query(`grant usage, create on schema public to "${role}"`);
    expect((await migrate(url.href)).applied).not.toEqual([]);
  } finally {
    await admin.query(`drop owned by "${role}"; drop role "${role}"`);
  }
});

test('certificates that are not there are no database that is away', () => {
  const url = `${database.url}?sslmode=verify-ca&sslrootcert=/no/such/file`;
  const options = { url, poolSize: 2, queryTimeoutMs: 0, onConnectionError: () => {} };
  expect(() => createPostgresPool(options)).toThrow(/ENOENT.*\/no\/such\/file/);
});
