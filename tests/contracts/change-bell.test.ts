// Redis's pub/sub beside LISTEN/NOTIFY: whoever hears it looks into the change feed, and believes what is there.

import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRedisBell, type RedisBell } from '../../src/counters/redis-bell.ts';
import { type OpenStorage, openStorage } from '../../src/storage/open-storage.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testRedis } from '../support/redis.ts';

let database: TestDatabase;
let bells: RedisBell[];
let all: OpenStorage[];
let silent: OpenStorage;

beforeAll(async () => {
  database = await createTestDatabase();
  const redis = testRedis();
  bells = [createRedisBell(redis), createRedisBell(redis)];
  const open = (name: string, bell: RedisBell | undefined) =>
    openStorage({
      url: database.url,
      nowMs: Date.now,
      poolSize: 4,
      serving: {
        own: { id: name, host: 'here', pid: 1, identity: name },
        isGone: () => false,
        maxStalenessMs: 2_000,
        outageGraceMs: 60_000,
        bell,
      },
    });
  silent = await open('silent', undefined);
  all = [await open('one', bells[0]), await open('two', bells[1])];
});
afterAll(async () => {
  for (const storage of [...all, silent]) await storage.close();
  for (const bell of bells) bell.close();
  await database.drop();
});

/** No process hears of a change by the database any more: the connections that listened are gone. */
async function deafen(): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'latchkey' and datname = current_database()",
  );
  await client.end();
}

test('a change is heard by the bell where the database tells nobody, and what has been heard is in the feed', async () => {
  const [one, two] = all as [OpenStorage, OpenStorage];
  const heard: string[] = [];
  two.changes.subscribe((event) => heard.push(event.kind));
  await deafen();
  // The bell may still be connecting, and what rings then is lost.
  await expect
    .poll(
      async () => {
        await one.processes.callRoll(0);
        return heard.includes('roll_call');
      },
      { timeout: 10_000, interval: 100 },
    )
    .toBe(true);
  expect(two.changes.position()).toBeGreaterThan(0);
});

test('a ring without a change does nothing', async () => {
  const [one, two] = all as [OpenStorage, OpenStorage];
  // Of what went before everybody has heard now.
  await one.processes.callRoll(10_000);
  const before = two.changes.position();
  const heard: string[] = [];
  two.changes.subscribe((event) => heard.push(event.kind));
  bells[0]?.ring();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(heard).toEqual([]);
  expect(two.changes.position()).toBe(before);
});
