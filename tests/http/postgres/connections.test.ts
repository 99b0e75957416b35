// How the gateway connects to PostgreSQL: with a password that a command prints, and never more often than it may.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let owner: pg.Client;
let role: string;
let gateway: TestApp | undefined;

beforeEach(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  role = `role_${new URL(database.url).pathname.slice(1)}`;
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await owner.query(`drop owned by ${role} cascade`).catch(() => {});
  await owner.query(`drop role if exists ${role}`);
  await owner.end();
  await database.drop();
});

const config = (more: string) => `
model_list: [{model_name: mock-gpt, litellm_params: {model: openai/mock, mock_response: hi}}]
general_settings: {${more}}
`;

test('a new connection uses the password that the command prints now', async () => {
  await owner.query(`create role ${role} login password 'first-password'`);
  await owner.query(`grant all on schema public to ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'wrong-password';
  const file = join('/tmp', `${role}.password`);
  writeFileSync(file, 'first-password\n', { mode: 0o600 });
  const lines: string[] = [];
  gateway = await startTestApp({
    config: config(`database_password_command: "cat ${file}"`),
    databaseUrl: url.href,
    onLog: (line) => lines.push(line),
  });
  const { app, masterKey } = gateway;
  const make = async () =>
    (
      await app.inject({
        method: 'POST',
        url: '/key/generate',
        headers: { authorization: `Bearer ${masterKey}` },
        payload: {},
      })
    ).statusCode;
  expect(await make()).toBe(200);

  await owner.query(`alter role ${role} password 'second-password'`);
  writeFileSync(file, 'second-password\n');
  await owner.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`);
  await expect.poll(make, { timeout: 15_000 }).toBe(200);
  expect(lines.join('')).not.toMatch(/(first|second|wrong)-password/);
});

test('there are never more connections than the pool and the one that listens', async () => {
  gateway = await startTestApp({
    config: config('database_connection_pool_limit: 2'),
    databaseUrl: database.url,
  });
  const { app, masterKey } = gateway;
  let most = 0;
  let done = false;
  const watch = (async () => {
    while (!done) {
      const { rows } = await owner.query(
        "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'latchkey'",
      );
      most = Math.max(most, rows[0].n);
    }
  })();
  const answers = await Promise.all(
    Array.from({ length: 40 }, () =>
      app.inject({
        method: 'POST',
        url: '/key/generate',
        headers: { authorization: `Bearer ${masterKey}` },
        payload: {},
      }),
    ),
  );
  done = true;
  await watch;
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(40).fill(200));
  expect(most).toBe(3);
});
