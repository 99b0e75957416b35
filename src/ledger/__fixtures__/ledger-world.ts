// A database in memory (or in a file, where readers do not wait for writers), a directory for the journal, and a crash on demand.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { Database } from '../../storage/database.ts';
import { type OpenStorage, openStorage } from '../../storage/open-storage.ts';
import type { Ledger, LedgerLogger } from '../ledger.ts';
import { type LedgerOptions, openLedger } from '../open-ledger.ts';
import { NOW_MS } from './calls.ts';

export interface LogLine {
  level: 'info' | 'warn' | 'error';
  message: string;
}

export interface World {
  storage: OpenStorage;
  directory: string;
  log: LogLine[];
  logger: LedgerLogger;
  open(overrides?: Partial<LedgerOptions<Database>>): ReturnType<typeof openLedger>;
  /** What `kill -9` leaves: from here on the world's directory is a copy of the present files, without their owner. */
  crash(): void;
  /** What all counters that have one are at, from the database alone. */
  shippedBalances(): Promise<Map<string, number>>;
  rows(): Promise<{ request_id: string; status: string; spend_nano_usd: number }[]>;
  close(): Promise<void>;
}

/** Never ships by itself unless told to. */
export const MANUAL = { shipEveryMs: 3_600_000 };

export async function createWorld({ inFile = false, url = ':memory:' } = {}): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), 'latchkey-ledger-'));
  const address = inFile ? join(root, 'latchkey.db') : url;
  const storage = await openStorage({ url: address, nowMs: () => NOW_MS, poolSize: 4 });
  const ledgers: Ledger[] = [];
  const log: LogLine[] = [];
  const note = (level: LogLine['level']) => (_fields: object, message: string) => void log.push({ level, message });
  let generation = 0;

  const world: World = {
    storage,
    directory: join(root, '0'),
    log,
    logger: { info: note('info'), warn: note('warn'), error: note('error') },
    async open(overrides = {}) {
      const opened = await openLedger({
        directory: world.directory,
        database: storage.writes,
        dialect: storage.dialect,
        fsync: false,
        nowMs: () => NOW_MS,
        logger: world.logger,
        patienceMs: 300,
        ...overrides,
      });
      ledgers.push(opened.ledger);
      return opened;
    },
    crash() {
      generation += 1;
      const next = join(root, String(generation));
      cpSync(world.directory, next, { recursive: true, filter: (path) => !path.includes('lock-') });
      world.directory = next;
    },
    async shippedBalances() {
      const rows = await storage.reads.selectFrom('balances').select(['counter', 'nano_usd']).execute();
      return new Map(rows.map((row) => [row.counter, row.nano_usd]));
    },
    rows: () =>
      storage.reads
        .selectFrom('spend_logs')
        .select(['request_id', 'status', 'spend_nano_usd'])
        .orderBy('request_id')
        .execute(),
    async close() {
      for (const ledger of ledgers) await ledger.close();
      await storage.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
  return world;
}

/**
 * The database, but `begin` is awaited at the start of each transaction, `commit` between its work and its commit, and
 * `committed` behind that; a throw there stands for an answer that was lost.
 */
export function withHooks(
  database: Kysely<Database>,
  hooks: { begin?: () => Promise<void> | void; commit?: () => Promise<void> | void; committed?: () => Promise<void> | void },
): Kysely<Database> {
  return new Proxy(database, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== 'transaction') return typeof value === 'function' ? value.bind(target) : value;
      return () => ({
        async execute<T>(work: (transaction: never) => Promise<T>): Promise<T> {
          const result = await target.transaction().execute(async (transaction) => {
            await hooks.begin?.();
            const done = await work(transaction as never);
            await hooks.commit?.();
            return done;
          });
          await hooks.committed?.();
          return result;
        },
      });
    },
  });
}
