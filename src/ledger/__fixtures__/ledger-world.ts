// A database in memory (or in a file, where readers do not wait for writers), a directory for the journal, and a crash on demand.

import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { fromRecordRow } from '../../core/record-row.ts';
import type { SpendRecord } from '../../core/spend-record.ts';
import type { Ledger, LedgerLogger } from '../ledger.ts';
import type { LedgerDialect } from '../ledger-sql.ts';
import { type LedgerOptions, openLedger } from '../open-ledger.ts';
import { NOW_MS } from './calls.ts';

/** The tables that a ledger writes, as far as tests look at them. */
export interface LedgerTables {
  spend_logs: {
    request_id: string;
    status: string;
    model: string;
    end_user: string | null;
    spend_nano_usd: number;
    record: unknown;
  };
  balances: { counter: string; nano_usd: number; key_id: string | null };
  balance_adjustments: { id: string; counter: string; delta_nano_usd: number; reason: string; at_ms: number };
  daily_spend: { day: string; tags: string; calls: number; failures: number; cache_write_tokens: number; spend_nano_usd: number };
  daily_tag_spend: { day: string; tag: string; calls: number; spend_nano_usd: number };
}

/** What storage opens, handed in by the test because the ledger itself does not know storage. */
interface Opened {
  writes: object;
  reads: object;
  dialect: LedgerDialect;
  close(): Promise<void>;
}
type OpenDatabase = (options: { url: string; nowMs: () => number; poolSize: number }) => Promise<Opened>;

export interface WorldStorage {
  writes: Kysely<LedgerTables>;
  reads: Kysely<LedgerTables>;
  dialect: LedgerDialect;
}

export interface LogLine {
  level: 'info' | 'warn' | 'error';
  message: string;
}

export interface World {
  storage: WorldStorage;
  directory: string;
  log: LogLine[];
  logger: LedgerLogger;
  open(overrides?: Partial<LedgerOptions<LedgerTables>>): ReturnType<typeof openLedger>;
  /** What `kill -9` leaves: from here on the world's directory is a copy of the present files, without their owner. */
  crash(): void;
  /** Empties the tables and goes on in an empty directory. */
  reset(): Promise<void>;
  /** What all counters that have one are at, from the database alone. */
  shippedBalances(): Promise<Map<string, number>>;
  /** What the database has of a call. */
  record(requestId: string): Promise<SpendRecord>;
  rows(): Promise<{ request_id: string; status: string; spend_nano_usd: number }[]>;
  close(): Promise<void>;
}

/** Never ships by itself unless told to. */
export const MANUAL = { shipEveryMs: 3_600_000 };

/** A segment that has been shipped may go while it is being copied: whoever dies then has not seen it go. */
function isCopied(from: string, to: string): boolean {
  try {
    cpSync(from, to, { recursive: true, filter: (path) => !path.includes('lock-') && existsSync(path) });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    rmSync(to, { recursive: true, force: true });
    return false;
  }
}

export async function createWorld(
  open: OpenDatabase,
  { inFile = false, url = ':memory:' } = {},
): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), 'latchkey-ledger-'));
  const address = inFile ? join(root, 'latchkey.db') : url;
  const opened = await open({ url: address, nowMs: () => NOW_MS, poolSize: 4 });
  const storage = opened as Opened & WorldStorage;
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
      const started = await openLedger({
        directory: world.directory,
        database: storage.writes,
        dialect: storage.dialect,
        fsync: false,
        nowMs: () => NOW_MS,
        logger: world.logger,
        patienceMs: 300,
        ...overrides,
      });
      ledgers.push(started.ledger);
      return started;
    },
    crash() {
      generation += 1;
      const next = join(root, String(generation));
      while (!isCopied(world.directory, next));
      world.directory = next;
    },
    async reset() {
      for (const ledger of ledgers.splice(0)) await ledger.close();
      for (const table of ['spend_logs', 'balances', 'daily_spend', 'daily_tag_spend'] as const) {
        await storage.writes.deleteFrom(table).execute();
      }
      generation += 1;
      world.directory = join(root, String(generation));
    },
    async shippedBalances() {
      const rows = await storage.reads.selectFrom('balances').select(['counter', 'nano_usd']).execute();
      return new Map(rows.map((row) => [row.counter, row.nano_usd]));
    },
    async record(requestId) {
      const { text } = await storage.reads
        .selectFrom('spend_logs')
        .select(sql<string>`${storage.dialect === 'sqlite' ? sql`json(record)` : sql`cast(record as text)`}`.as('text'))
        .where('request_id', '=', requestId)
        .executeTakeFirstOrThrow();
      return fromRecordRow(JSON.parse(text));
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
  database: Kysely<LedgerTables>,
  hooks: { begin?: () => Promise<void> | void; commit?: () => Promise<void> | void; committed?: () => Promise<void> | void },
): Kysely<LedgerTables> {
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
