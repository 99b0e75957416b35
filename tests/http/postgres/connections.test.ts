// How many connections to PostgreSQL the gateway opens: never more than it may.

import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let owner: pg.Client;
let gateway: TestApp | undefined;

beforeEach(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await owner.end();
  await database.drop();
});

const config = (more: string) => `
model_list: [{model_name: mock-gpt, litellm_params: {model: openai/mock, mock_response: hi}}]
general_settings: {${more}}
`;

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
