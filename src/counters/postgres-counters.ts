/**
 * Counters in PostgreSQL, shared by every process that uses the database. What a process asks in one turn of the event
 * loop is one statement (batch-queue.ts), which locks rows in the order of their names, so processes never deadlock.
 * Windows and leases go by the database's clock; what is shown to callers is shifted to theirs.
 */
import type { Charge, Consumption, CounterState, Hold, Reservation } from '../core/charge.ts';
import { createBatchQueue, type ExecuteSql, isDecided } from './batch-queue.ts';
import type { Opening, ReserveStep } from './counter-batch.ts';
import type { Counters, LoadBalances } from './counters.ts';

export interface PostgresCounterOptions {
  execute: ExecuteSql;
  /** Of this process, and of no other ever. */
  processId: string;
  loadBalances: LoadBalances;
  /** Administrators' changes of balances that processes may still have to hear of. */
  recentChanges?: () => Promise<readonly { counter: string; seq: number }[]>;
  /** `caller`: the time is what callers say, for tests. */
  timeOf?: 'database' | 'caller';
  /** Counters at rest for longer than this are forgotten; budgets are read back from the ledger when next needed. */
  idleMs?: number;
  /** How long a caller waits for the database. */
  patienceMs?: number;
  /** Told of what the database will never take. */
  onRefused?: (error: unknown) => void;
}

export interface PostgresCounters extends Counters {
  reread(moved: ReadonlyMap<string, number>): Promise<void>;
  /**
   * A hold of a running call takes its place (again), whatever the ceilings say. Rejects with database_unavailable when
   * nobody knows whether it has.
   */
  restore(hold: Hold, nowMs: number, leaseMs: number): Promise<void>;
}

interface CounterRow {
  id: string;
  used: number;
  held: number;
  window_start_ms: number;
  window_ms: number;
  now_ms: number;
}

const DEFAULT_IDLE_MS = 10 * 60_000;
/** Between these, the sweep for idle counters looks at all of them. */
const IDLE_SWEEP_MS = 60_000;
/** A writer that has been silent for this long is a process that is no more. */
const FORGET_WRITERS_MS = 7 * 86_400_000;
const EXPIRE_AT_ONCE = 500;
/** At rest for so long, everything that a counter has is in the ledger. */
const RECOUNT_AFTER_MS = 5_000;
const RECOUNT_EVERY_MS = 1_000;

const NOW = 'coalesce($1::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint)';
const READ_SQL = `select id, used, held, window_start_ms, window_ms, ${NOW} as now_ms from counters where id = any ($2)`;
const COUNT_HOLDS_SQL = 'select count(*) as n from counter_holds';
const EXPIRED_SQL = `select id, counters from counter_holds where expires_at_ms <= ${NOW} order by expires_at_ms limit ${EXPIRE_AT_ONCE}`;
const SWEEP_SQL = `delete from counters where id in (
  select id from counters where holds = 0 and touched_at_ms <= ${NOW} - $2
    and (window_ms = 0 or window_start_ms = 0 or window_start_ms + window_ms <= ${NOW})
  order by id for update skip locked)`;
const RECOUNT_SQL = `delete from counters where id in (
  select id from counters where id = any ($3) and holds = 0 and touched_at_ms <= ${NOW} - $2
  order by id for update skip locked)`;
const PRESENT_SQL = 'select id from counters where id = any ($1)';
const SWEEP_WRITERS_SQL = `delete from counter_writers where touched_at_ms <= ${NOW} - ${FORGET_WRITERS_MS}`;

export function createPostgresCounters(options: PostgresCounterOptions): PostgresCounters {
  const { execute, processId, loadBalances, timeOf = 'database', idleMs = DEFAULT_IDLE_MS } = options;
  const { recentChanges = async () => [] } = options;
  const queue = createBatchQueue({
    execute,
    writer: processId,
    timeOf,
    ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
    ...(options.onRefused === undefined ? {} : { onRefused: options.onRefused }),
  });
  const loading = new Map<string, Promise<Opening>>();
  /** Budget counters whose balance was moved while it was being read: the reading is too old to be used. */
  const movedWhileLoading = new Set<string>();
  /** Bills of dead processes were added to these, which may have had them: to be read back from the ledger. */
  let doubted = new Set<string>();
  let recountedAtMs = 0;
  let holdCount = 0;
  let sweptAtMs = 0;
  let lastNowMs = 0;

  const timeFor = (nowMs: number): number | null => (timeOf === 'caller' ? nowMs : null);

  function reserve(charges: readonly Charge[], nowMs: number, leaseMs: number): Promise<Reservation> {
    holdCount += 1;
    return reserveAs(`${processId}:${holdCount}`, charges, nowMs, leaseMs);
  }

  async function reserveAs(
    holdId: string,
    charges: readonly Charge[],
    nowMs: number,
    leaseMs: number,
  ): Promise<Reservation> {
    let openings: ReserveStep['openings'] = new Map();
    lastNowMs = nowMs;
    for (;;) {
      const outcome = await queue.reserve({ kind: 'reserve', holdId, charges, nowMs, leaseMs, openings });
      if (isDecided(outcome)) return outcome;
      openings = await loadOpenings(charges);
    }
  }

  async function loadOpenings(charges: readonly Charge[]): Promise<Map<string, Opening>> {
    const ids = charges.filter(({ unit }) => unit === 'nano_usd').map(({ counter }) => counter);
    return new Map(await Promise.all(ids.map(async (id) => [id, await load(id)] as const)));
  }

  function load(id: string): Promise<Opening> {
    let pending = loading.get(id);
    if (pending === undefined) {
      pending = readOpening(id).finally(() => loading.delete(id));
      loading.set(id, pending);
    }
    return pending;
  }

  /** A change that is committed while the balance is being read may be in it or not: then it is read again. */
  async function readOpening(id: string): Promise<Opening> {
    let before = await changesOf(id);
    for (;;) {
      movedWhileLoading.delete(id);
      const balances = await loadBalances([id]);
      const after = await changesOf(id);
      const moved = movedWhileLoading.delete(id) || after.some((seq) => !before.includes(seq));
      if (!moved) return { nanoUsd: balances.get(id) ?? 0, changes: after };
      before = after;
    }
  }

  async function changesOf(id: string): Promise<number[]> {
    return (await recentChanges()).filter(({ counter }) => counter === id).map(({ seq }) => seq);
  }

  async function adjust(counter: string, delta: number, change = 0): Promise<void> {
    if (loading.has(counter)) movedWhileLoading.add(counter);
    await queue.later({ kind: 'adjust', counter, delta, change, nowMs: lastNowMs });
  }

  /** Forgets counters of which too much may be counted, in a moment in which the ledger has all that they have. */
  async function recountDoubted(nowMs: number): Promise<void> {
    if (doubted.size === 0 || nowMs - recountedAtMs < RECOUNT_EVERY_MS) return;
    recountedAtMs = nowMs;
    const asked = [...doubted];
    await execute(RECOUNT_SQL, [timeFor(nowMs), RECOUNT_AFTER_MS, asked]);
    const left = new Set((await execute(PRESENT_SQL, [asked])).map(({ id }) => String(id)));
    doubted = new Set([...doubted].filter((id) => left.has(id) || !asked.includes(id)));
  }

  async function find(ids: readonly string[], nowMs: number | null): Promise<Map<string, CounterRow>> {
    await queue.settled();
    const rows = (await execute(READ_SQL, [nowMs, ids])) as unknown as readonly CounterRow[];
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Used in budget counters that are not in the database, from the ledger. */
  async function balancesOf(ids: readonly string[], found: ReadonlyMap<string, CounterRow>) {
    const unknown = ids.filter((id) => !found.has(id));
    return unknown.length === 0 ? new Map<string, number>() : loadBalances(unknown);
  }

  return {
    reserve,

    async settle(hold: Hold, used: Consumption, nowMs: number): Promise<void> {
      await queue.later({ kind: 'settle', holdId: hold.id, held: hold.charges, used, nowMs });
    },

    async release(hold: Hold, nowMs: number): Promise<void> {
      await queue.later({ kind: 'release', holdId: hold.id, charges: chargesOf(hold), nowMs });
    },

    async renew(hold: Hold, nowMs: number, leaseMs: number): Promise<void> {
      const renewed = await queue.later({ kind: 'renew', holdId: hold.id, nowMs, leaseMs });
      if (renewed) hold.expiresAtMs = nowMs + leaseMs;
    },

    async restore(hold: Hold, nowMs: number, leaseMs: number): Promise<void> {
      // Where it is there still, it is moved: in one statement, as both steps go together.
      void queue.later({ kind: 'release', holdId: hold.id, charges: chargesOf(hold), nowMs });
      const charges = hold.charges.map(({ charge, granted }) => ({
        ...charge,
        amount: granted,
        atLeast: granted,
        ceiling: Number.MAX_SAFE_INTEGER,
      }));
      const reservation = await reserveAs(hold.id, charges, nowMs, leaseMs);
      if (reservation.granted) hold.expiresAtMs = nowMs + leaseMs;
    },

    async read(charges: readonly Charge[], nowMs: number): Promise<CounterState[]> {
      const found = await find(
        charges.map(({ counter }) => counter),
        timeFor(nowMs),
      );
      const budgets = charges.filter(({ unit }) => unit === 'nano_usd').map(({ counter }) => counter);
      const balances = await balancesOf(budgets, found);
      return charges.map((charge) => toState(charge, found.get(charge.counter), balances, nowMs));
    },

    async spent(counterIds: readonly string[]): Promise<number[]> {
      const found = await find(counterIds, null);
      const balances = await balancesOf(counterIds, found);
      return counterIds.map((id) => found.get(id)?.used ?? balances.get(id) ?? 0);
    },

    adjust,

    async reread(moved: ReadonlyMap<string, number>): Promise<void> {
      for (const counter of moved.keys()) doubted.add(counter);
      await Promise.all([...moved].map(([counter, nanoUsd]) => adjust(counter, nanoUsd)));
    },

    async openHolds(): Promise<number> {
      await queue.settled();
      const [row] = await execute(COUNT_HOLDS_SQL, []);
      return Number(row?.n ?? 0);
    },

    async expire(nowMs: number): Promise<number> {
      await queue.settled();
      const expired = (await execute(EXPIRED_SQL, [timeFor(nowMs)])) as unknown as { id: string; counters: string[] }[];
      const freed = await Promise.all(
        expired.map(({ id, counters }) =>
          queue.later({ kind: 'expire', holdId: id, charges: counters.map((counter) => ({ counter })), nowMs }),
        ),
      );
      await recountDoubted(nowMs);
      if (nowMs - sweptAtMs >= IDLE_SWEEP_MS) {
        sweptAtMs = nowMs;
        await execute(SWEEP_SQL, [timeFor(nowMs), idleMs]);
        await execute(SWEEP_WRITERS_SQL, [timeFor(nowMs)]);
      }
      return freed.filter(Boolean).length;
    },

    close: () => queue.close(),
  };
}

function chargesOf(hold: Hold): readonly Charge[] {
  return hold.charges.map(({ charge }) => charge);
}

function toState(
  charge: Charge,
  row: CounterRow | undefined,
  balances: ReadonlyMap<string, number>,
  nowMs: number,
): CounterState {
  if (row === undefined) return { used: balances.get(charge.counter) ?? 0, held: 0, resetAtMs: charge.resetAtMs };
  const { used, held, window_start_ms: startMs, window_ms: windowMs, now_ms: thereMs } = row;
  if (windowMs === 0 || startMs === 0) return { used, held, resetAtMs: charge.resetAtMs };
  if (thereMs >= startMs + windowMs) return { used: 0, held: 0, resetAtMs: null };
  return { used, held, resetAtMs: charge.resetAtMs ?? startMs + windowMs + nowMs - thereMs };
}
