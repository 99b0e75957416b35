// PostgreSQL goes away and comes back: 503 with a time to come back at, never a crash and never "no such key".

import { connect, createServer, type Server, type Socket } from 'node:net';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildAudit, buildListQuery, buildNewKey, NOW_MS } from '../../src/storage/__fixtures__/rows.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { type OpenStorage, openStorage } from '../../src/storage/open-storage.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const unavailable = expect.objectContaining({ code: 'database_unavailable', status: 503, retryAfterMs: 1_000 });

/** A line to PostgreSQL that can be cut, mended, or made to swallow everything. */
function createLine(target: { host: string; port: number }) {
  const sockets = new Set<Socket>();
  let server: Server;
  let port = 0;
  let silent = false;
  const serve = (client: Socket) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => silent || upstream.write(data));
    upstream.on('data', (data) => silent || client.write(data));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  };
  return {
    port: () => port,
    async mend() {
      silent = false;
      server = createServer(serve);
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      port = (server.address() as { port: number }).port;
    },
    async cut() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    silence(on: boolean) {
      silent = on;
    },
  };
}

let database: TestDatabase;
let line: ReturnType<typeof createLine>;
let storage: OpenStorage;
let url: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const address = new URL(database.url);
  line = createLine({ host: address.hostname, port: Number(address.port) });
  await line.mend();
  address.hostname = '127.0.0.1';
  address.port = String(line.port());
  url = address.href;
  storage = await openStorage({ url, nowMs: () => NOW_MS, poolSize: 4, queryTimeoutMs: 1_000 });
});
afterAll(async () => {
  await storage.close();
  await line.cut().catch(() => undefined);
  await database.drop();
});

test('every operation says so while the database is away, known keys are still known, and all is well after', async () => {
  const rows = buildNewKey();
  const address = { kind: 'hash', hash: rows.key.hash } as const;
  await storage.keys.insert(rows);
  await storage.keyCache.lookup(rows.key.hash);
  await line.cut();
  const operations: (() => unknown)[] = [
    () => storage.ping(),
    () => storage.keys.find(address),
    () => storage.keys.findBySecretHash(rows.key.hash),
    () => storage.keys.insert(buildNewKey()),
    () => storage.keys.change(address, (next) => ({ next, audit: buildAudit() })),
    () => storage.keys.remove([address], { atMs: NOW_MS, by: 'x' }, () => buildAudit()),
    () => storage.keys.list(buildListQuery()),
    () => storage.keyCache.lookup('0'.repeat(64)),
    () => storage.settings.get('x'),
    () => storage.spend.total(),
    () => storage.changes.poll(),
  ];
  for (const operate of operations) await expect(operate()).rejects.toEqual(unavailable);
  expect(storage.keyCache.lookup(rows.key.hash)).toMatchObject({ key: { keyId: rows.key.keyId } });
  await line.mend();
  await storage.ping();
  expect(await storage.keys.find(address)).toEqual(rows.key);
  expect(await storage.keyCache.lookup('0'.repeat(64))).toBeUndefined();
});

test('a connection that is ended from the other side costs one answer at most, and not the process', async () => {
  await Promise.all([storage.ping(), storage.ping(), storage.ping()]);
  const admin = await openStorage({ url: database.url, nowMs: () => NOW_MS, poolSize: 1 });
  const slow = storage.writes.transaction().execute(async (trx) => {
    await trx.selectFrom('keys').select('key_id').execute();
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(admin.writes);
    await trx.selectFrom('keys').select('key_id').execute();
  });
  await expect(slow).rejects.toEqual(unavailable);
  await admin.close();
  await expect.poll(() => storage.ping().then(() => 'answers')).toBe('answers');
});

test('a database that takes no notice is given up after the time limit', async () => {
  await storage.ping();
  line.silence(true);
  await expect(storage.ping()).rejects.toEqual(unavailable);
  line.silence(false);
  await line.cut();
  await line.mend();
  await expect(storage.ping()).resolves.toBeUndefined();
});

test('a database that is away at start-up, or asks for another password, is said to be unavailable', async () => {
  const elsewhere = new URL(url);
  elsewhere.port = '1';
  await expect(migrate(elsewhere.href)).rejects.toEqual(unavailable);
  const unknown = new URL(url);
  unknown.pathname = '/no_such_database';
  await expect(openStorage({ url: unknown.href, nowMs: () => NOW_MS, poolSize: 1 })).rejects.toEqual(unavailable);
});
