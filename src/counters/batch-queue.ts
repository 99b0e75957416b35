/**
 * Steps on their way to PostgreSQL. Those of one turn of the event loop, and those that come while a statement is under
 * way, go together in the next one; there is never more than one, so the counters of a process use one connection.
 *
 * A reservation whose answer does not come is refused as database_unavailable, and given back should it have been
 * granted after all. The ends of calls and adjustments are carried out exactly once, however long it takes: batches are
 * numbered, and one of which nobody knows whether it was carried out is sent again under its number. Callers wait for a
 * while only.
 */
import type { Reservation } from '../core/charge.ts';
import {
  APPLY_SQL,
  type LaterStep,
  type ReserveOutcome,
  type ReserveStep,
  readBatch,
  type Step,
  writeBatch,
} from './counter-batch.ts';
import { isUnavailable, noAnswer } from './store-away.ts';

/** Runs one statement; rejects with database_unavailable where the database does not answer. */
export type ExecuteSql = (sql: string, parameters: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

export interface BatchQueueOptions {
  execute: ExecuteSql;
  /** Of this process, and of no other ever. */
  writer: string;
  /** Tests say what time it is; otherwise the database does. */
  timeOf: 'database' | 'caller';
  /** How long a caller waits for an answer. */
  patienceMs?: number;
  /** Told of a step that the database will never take; its caller is told, too, if it still waits. */
  onRefused?: (error: unknown) => void;
}

export interface BatchQueue {
  reserve(step: ReserveStep): Promise<ReserveOutcome>;
  /** Whether there was something to do; false as well where nobody knows yet. Never rejects. */
  later(step: LaterStep): Promise<boolean>;
  /** Resolves when what has been asked so far is done, or its callers have been told otherwise. */
  settled(): Promise<void>;
  /** Steps that wait. */
  backlog(): number;
  /** Tries no more once what waits has been sent, or could not be. */
  close(): Promise<void>;
}

interface Waiting<S extends Step, R> {
  step: S;
  /** False: the caller has been told something already. */
  answer(result: R): boolean;
  fail(error: unknown): void;
}

type Entry = Waiting<ReserveStep, ReserveOutcome> | Waiting<LaterStep, boolean>;

const PATIENCE_MS = 2_000;
const MAX_STEPS = 500;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;

export function createBatchQueue(options: BatchQueueOptions): BatchQueue {
  const { execute, writer, timeOf, patienceMs = PATIENCE_MS, onRefused = () => undefined } = options;
  let waiting: Entry[] = [];
  /** Under way. */
  let sent: readonly Entry[] = [];
  /** Sent under this number, and perhaps carried out. */
  let doubtful: { number: number; entries: Entry[] } | null = null;
  let batches = 0;
  /** So many of the next batches are of one step, to find the one that the database takes offence at. */
  let alone = 0;
  let failures = 0;
  let running: Promise<void> | null = null;
  let closing = false;
  let last: Promise<unknown> = Promise.resolve();
  let wakeUp: (() => void) | null = null;

  function add<S extends Step, R>(
    step: S,
    whenLate: (resolve: (result: R) => void, reject: Reject) => void,
  ): Promise<R> {
    const promise = new Promise<R>((resolve, reject) => {
      let open = true;
      const timer = setTimeout(() => {
        open = false;
        whenLate(resolve, reject);
        if (step.kind === 'reserve') endWaiting();
      }, patienceMs).unref();
      const close = (): boolean => {
        const was = open;
        open = false;
        clearTimeout(timer);
        return was;
      };
      waiting.push({
        step,
        answer: (result: R) => {
          const told = close();
          if (told) resolve(result);
          return told;
        },
        fail: (error: unknown) => {
          if (close()) reject(error);
        },
      } as unknown as Entry);
    });
    last = promise.catch(() => undefined);
    running ??= run();
    return promise;
  }

  /** One reservation has waited in vain: those that came after it need not. What is granted late is given back. */
  function endWaiting(): void {
    for (const entry of [...sent, ...waiting]) if (isReserve(entry)) entry.fail(noAnswer());
    waiting = waiting.filter((entry) => !isReserve(entry));
  }

  async function run(): Promise<void> {
    await new Promise(setImmediate);
    while (doubtful !== null || waiting.length > 0) {
      if (await sendNext()) {
        failures = 0;
        continue;
      }
      failures += 1;
      if (closing) break;
      await pause(Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS));
    }
    running = null;
  }

  async function sendNext(): Promise<boolean> {
    const { number, entries } = doubtful ?? { number: ++batches, entries: takeWaiting() };
    const nowMs = timeOf === 'caller' ? (entries[0]?.step.nowMs ?? 0) : null;
    const steps = entries.map(({ step }) => step);
    sent = entries;
    try {
      const [row] = await execute(APPLY_SQL, writeBatch(writer, number, nowMs, steps));
      doubtful = null;
      const numbers = row?.r as (number | string)[] | null | undefined;
      if (numbers) answerAll(entries, numbers);
      else forgoAnswers(entries);
      return true;
    } catch (error) {
      if (isUnavailable(error)) keep(number, entries, error);
      else setAside(entries, error);
      return !isUnavailable(error);
    } finally {
      sent = [];
    }
  }

  function takeWaiting(): Entry[] {
    let count = Math.min(alone > 0 ? 1 : MAX_STEPS, waiting.length);
    alone = Math.max(0, alone - 1);
    if (timeOf === 'caller') {
      const other = waiting.findIndex(({ step }) => step.nowMs !== waiting[0]?.step.nowMs);
      if (other > 0) count = Math.min(count, other);
    }
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  }

  function answerAll(entries: readonly Entry[], numbers: readonly (number | string)[]): void {
    const reader = readBatch(numbers);
    for (const entry of entries) {
      if (!isReserve(entry)) {
        entry.answer(reader.later());
        continue;
      }
      const outcome = reader.reserve(entry.step);
      if (!entry.answer(outcome) && 'granted' in outcome && outcome.granted) giveBack(entry.step);
    }
  }

  /** Carried out at an earlier attempt, whose answer was lost on the way. What was granted then is asked for anew. */
  function forgoAnswers(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (!isReserve(entry)) {
        entry.answer(false as never);
        continue;
      }
      giveBack(entry.step);
      waiting.push({ ...entry, step: { ...entry.step, holdId: `${entry.step.holdId}:again` } });
    }
  }

  function keep(number: number, entries: readonly Entry[], error: unknown): void {
    const later = entries.filter((entry) => mustBeDone(entry.step));
    for (const entry of entries) {
      if (!isReserve(entry)) continue;
      entry.fail(error);
      giveBack(entry.step);
    }
    // Nobody is kept waiting for what will be done in any case.
    for (const entry of entries) if (!isReserve(entry)) entry.answer(false as never);
    doubtful = later.length === 0 ? null : { number, entries: later };
    const unsent = waiting.filter((entry) => !mustBeDone(entry.step));
    waiting = waiting.filter((entry) => mustBeDone(entry.step));
    for (const entry of unsent) {
      if (isReserve(entry)) entry.fail(error);
      else entry.answer(false as never);
    }
  }

  /** Nothing of the batch has been done, and nothing ever will be of the one step at fault. */
  function setAside(entries: readonly Entry[], error: unknown): void {
    doubtful = null;
    if (entries.length > 1) {
      waiting = [...entries, ...waiting];
      alone = entries.length;
      return;
    }
    onRefused(error);
    for (const entry of entries) {
      if (isReserve(entry)) entry.fail(error);
      else entry.answer(false as never);
    }
  }

  function giveBack({ holdId, charges, nowMs }: ReserveStep): void {
    void queue.later({ kind: 'release', holdId, charges, nowMs });
  }

  async function pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wakeUp = null;
  }

  const queue: BatchQueue = {
    reserve: (step) =>
      // The database is away, and is being asked again already.
      doubtful !== null && failures > 0
        ? Promise.reject(noAnswer())
        : add<ReserveStep, ReserveOutcome>(step, (_resolve, reject) => reject(noAnswer())),
    later: (step) => add<LaterStep, boolean>(step, (resolve) => resolve(false)),
    settled: async () => void (await last),
    backlog: () => waiting.length + (doubtful?.entries.length ?? 0),
    async close() {
      closing = true;
      wakeUp?.();
      await running;
    },
  };
  return queue;
}

type Reject = (error: unknown) => void;

function isReserve(entry: Entry): entry is Waiting<ReserveStep, ReserveOutcome> {
  return entry.step.kind === 'reserve';
}

/** Calls that have ended have to be told of; leases are looked at again before long. */
function mustBeDone({ kind }: Step): boolean {
  return kind === 'settle' || kind === 'release' || kind === 'adjust';
}

/** A reservation that has been decided. */
export function isDecided(outcome: ReserveOutcome): outcome is Reservation {
  return 'granted' in outcome;
}
