// What a statement that takes too long costs the server.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPostgresPool } from '../../src/storage/postgres-pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

function openPool(queryTimeoutMs: number) {
  return createPostgresPool({ url: database.url, poolSize: 2, queryTimeoutMs, onConnectionError: () => {} });
}

test('a statement that is no longer waited for does not go on at the server', async () => {
  const pool = openPool(200);
  const watcher = openPool(10_000);
  const countRunning = async () => {
    const { rows } = await watcher.query(
      "select count(*) as running from pg_stat_activity where state = 'active' and query like 'select pg_sleep%'",
    );
    return rows[0].running as number;
  };
  const late = pool.query('select pg_sleep(60)');
  await expect(late).rejects.toThrow(/timeout/i);
  expect(await countRunning()).toBe(1);
  await expect.poll(countRunning, { timeout: 10_000 }).toBe(0);
  // The connection, or another in its place, is of use again.
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await Promise.all([pool.end(), watcher.end()]);
});

test('without a limit none is set', async () => {
  const pool = openPool(0);
  expect((await pool.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '0' }]);
  await pool.end();
});
