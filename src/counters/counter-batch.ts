/**
 * A batch of steps on counters in PostgreSQL: as the parameters of one statement, and back from its answer. The function
 * that the statement calls, and what its numbers mean, is in the migration that makes it.
 */
import type { Charge, Consumption, HeldCharge, Hold, Reservation } from '../core/charge.ts';
import { consumed } from './consumed.ts';

export const APPLY_SQL =
  'select counters_apply_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as r';

/** What a budget counter begins with. */
export interface Opening {
  nanoUsd: number;
  /** Numbers of administrators' changes that are in it already. */
  changes: readonly number[];
}

export interface ReserveStep {
  kind: 'reserve';
  holdId: string;
  charges: readonly Charge[];
  nowMs: number;
  leaseMs: number;
  /** Of counters that may not be there yet. */
  openings: ReadonlyMap<string, Opening>;
}

export type LaterStep =
  | { kind: 'settle'; holdId: string; held: readonly HeldCharge[]; used: Consumption; nowMs: number }
  | { kind: 'release'; holdId: string; charges: readonly Pick<Charge, 'counter'>[]; nowMs: number }
  | { kind: 'expire'; holdId: string; charges: readonly Pick<Charge, 'counter'>[]; nowMs: number }
  | { kind: 'renew'; holdId: string; nowMs: number; leaseMs: number }
  | { kind: 'adjust'; counter: string; delta: number; change: number; nowMs: number };

export type Step = ReserveStep | LaterStep;

/** `missing`: these budgets are not there, and the step does not say what they begin with. */
export type ReserveOutcome = Reservation | { missing: true };

const KINDS = { reserve: 1, settle: 2, release: 3, renew: 4, adjust: 5, expire: 6 } as const;

/** `nowMs` null: the database's own clock says what time it is. */
export function writeBatch(writer: string, number: number, nowMs: number | null, steps: readonly Step[]): unknown[] {
  const index = new Map<string, number>();
  const windows: number[] = [];
  const openings: (number | null)[] = [];
  const changes: (string | null)[] = [];
  const kinds: number[] = [];
  const holds: (string | null)[] = [];
  const extras: (number | null)[] = [];
  const lengths: number[] = [];
  const at: number[] = [];
  const a: number[] = [];
  const b: number[] = [];
  const c: number[] = [];

  const place = (counter: string): number => {
    let place = index.get(counter);
    if (place === undefined) {
      place = index.size + 1;
      index.set(counter, place);
      windows.push(0);
      openings.push(null);
      changes.push(null);
    }
    return place;
  };
  const put = (counter: string, first: number, second: number, third: number): void => {
    at.push(place(counter));
    a.push(first);
    b.push(second);
    c.push(third);
  };

  for (const step of steps) {
    kinds.push(KINDS[step.kind]);
    holds.push(step.kind === 'adjust' ? null : step.holdId);
    if (step.kind === 'adjust') {
      extras.push(step.change);
      lengths.push(1);
      put(step.counter, step.delta, 0, 0);
      continue;
    }
    extras.push(step.kind === 'reserve' || step.kind === 'renew' ? step.leaseMs : null);
    // A renewal touches the row of the hold only, so no counter has to be locked.
    lengths.push(step.kind === 'renew' ? 0 : step.kind === 'settle' ? step.held.length : step.charges.length);
    if (step.kind === 'reserve') {
      for (const charge of step.charges) {
        put(charge.counter, wholeUp(charge.amount), wholeUp(charge.atLeast), wholeDown(charge.ceiling));
        const where = (index.get(charge.counter) as number) - 1;
        windows[where] = charge.windowMs;
        const opening = step.openings.get(charge.counter);
        if (charge.unit !== 'nano_usd') {
          openings[where] = 0;
          changes[where] = '{}';
        } else if (opening !== undefined) {
          openings[where] = opening.nanoUsd;
          changes[where] = `{${opening.changes.join(',')}}`;
        }
      }
    } else if (step.kind === 'settle') {
      for (const held of step.held) {
        const { counter, unit } = held.charge;
        put(counter, wholeUp(consumed(held, step.used)), unit === 'nano_usd' ? step.used.nanoUsd : 0, 0);
      }
    } else if (step.kind !== 'renew') {
      for (const { counter } of step.charges) put(counter, 0, 0, 0);
    }
  }
  const ids = [...index.keys()];
  return [writer, number, nowMs, ids, windows, openings, changes, kinds, holds, extras, lengths, at, a, b, c];
}

/** What a step's numbers say, in the order of the steps. Times are shifted to the clock of whoever asked. */
export interface BatchReader {
  reserve(step: ReserveStep): ReserveOutcome;
  /** Whether there was something to do. */
  later(): boolean;
}

export function readBatch(numbers: readonly (number | string)[]): BatchReader {
  let position = 0;
  const next = (): number => Number(numbers[position++]);
  const doneAtMs = Number(numbers[numbers.length - 1]);

  return {
    later: () => next() === 1,

    reserve(step) {
      const shift = step.nowMs - doneAtMs;
      const shifted = (startMs: number): number => (startMs === 0 ? 0 : startMs + shift);
      const outcome = next();
      if (outcome === 2) {
        next();
        return { missing: true };
      }
      if (outcome === 0) {
        const charge = step.charges[next()] as Charge;
        const [used, held, startMs, windowMs] = [next(), next(), next(), next()];
        const windowEndMs = startMs > 0 && windowMs > 0 ? shifted(startMs) + windowMs : null;
        const resetAtMs = charge.resetAtMs ?? windowEndMs;
        return { granted: false, shortage: { charge, used, held, resetAtMs } };
      }
      const charges = step.charges.map((charge) => {
        const [granted, usedBefore, remaining, startMs] = [next(), next(), next(), next()];
        // Without a ceiling there is always as much left.
        const left = charge.ceiling === Number.POSITIVE_INFINITY ? charge.ceiling : remaining;
        return { charge, granted, usedBefore, remaining: left, windowStartMs: shifted(startMs) };
      });
      const hold: Hold = { id: step.holdId, charges, expiresAtMs: step.nowMs + step.leaseMs };
      return { granted: true, hold };
    },
  };
}

function wholeUp(amount: number): number {
  return Math.min(Math.ceil(amount), Number.MAX_SAFE_INTEGER);
}

/** Limits may be fractions; what is counted never is. */
function wholeDown(ceiling: number): number {
  return Math.max(Math.min(Math.floor(ceiling), Number.MAX_SAFE_INTEGER), -1);
}
