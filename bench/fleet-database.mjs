// A database for a fleet, SQLite or PostgreSQL, and a way to write to it past the gateway.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import pg from 'pg';
import { startPostgres } from './test-servers.mjs';

/** @typedef {import('./fill-fleet.mjs').Connection} Connection */
/** @typedef {{ url: string | null, connect(dataDir: string): Promise<Connection>, stop(): Promise<void> }} FleetDatabase */

/** What is left alone is 128 MB, which no server has that holds tens of gigabytes. */
export const SHARED_BUFFERS = '2GB';

/**
 * @param {'sqlite' | 'postgres'} dialect
 * @param {string | null} kept Where a server keeps its data; null: nowhere.
 * @returns {Promise<FleetDatabase>} `url` null: the gateway's own file.
 */
export async function startFleetDatabase(dialect, kept = null) {
  if (dialect === 'sqlite') return { url: null, connect: openSqlite, stop: async () => {} };
  const settings = { shared_buffers: SHARED_BUFFERS };
  const server = await startPostgres(kept === null ? { settings } : { settings, keepIn: join(kept, 'postgres') });
  return { url: server.url, connect: () => openPostgres(server.url), stop: () => server.stop() };
}

/**
 * @param {string} dataDir
 * @returns {Promise<Connection>}
 */
async function openSqlite(dataDir) {
  const db = new DatabaseSync(join(dataDir, 'latchkey.sqlite'));
  db.exec(
    'pragma synchronous = off; pragma journal_mode = wal; pragma cache_size = -1000000; pragma temp_store = memory',
  );
  return {
    run: async (sql) => db.exec(sql),
    all: async (sql) => /** @type {Record<string, any>[]} */ (db.prepare(sql).all()),
    async close() {
      db.exec('pragma wal_checkpoint(truncate)');
      db.close();
    },
  };
}

/**
 * @param {string} url
 * @returns {Promise<Connection>}
 */
async function openPostgres(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("set maintenance_work_mem = '1GB'");
  return {
    async run(sql) {
      await client.query(sql);
    },
    all: async (sql) => (await client.query(sql)).rows,
    close: () => client.end(),
  };
}

/**
 * A PostgreSQL server takes from now on only the time that nobody else wants, as far as that goes on one machine: one that
 * has a machine to itself would take none from the load.
 *
 * @param {Connection} connection From before; later ones inherit it.
 */
export async function yieldToLoad(connection) {
  const [{ pid } = { pid: '' }] = await connection.all(
    "select split_part(pg_read_file('postmaster.pid'), e'\\n', 1) as pid",
  );
  const done = spawnSync('renice', ['-n', '19', '-p', String(pid)], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`the database cannot be put behind the load: ${done.stderr}`);
}
