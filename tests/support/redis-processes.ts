// Counters of several processes in one Redis, with a ledger that they share, and a journal each that is shipped when they
// are told to: what becomes of limits when the Redis does not last.

import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Charge, ChargeUnit, Hold } from '../../src/core/charge.ts';
import type { RedisAddress } from '../../src/counters/redis-client.ts';
import {
  createRedisCounters,
  type RedisCounterOptions,
  type RedisCounters,
  type RedisState,
} from '../../src/counters/redis-counters.ts';

export const LEASE = 20_000;

export interface CountingProcess {
  counters: RedisCounters;
  /** The bill of a call: into the journal first, as ever. */
  settle(hold: Hold, nanoUsd: number): Promise<void>;
}

export interface CountingProcesses {
  processes: CountingProcess[];
  /** What each has been told of the state of Redis, in order. */
  states: RedisState[][];
  ledger: Map<string, number>;
  close(): Promise<void>;
}

export function charge(unit: ChargeUnit, ceiling: number, amount = 1): Charge {
  return {
    owner: { kind: 'key', id: 'key_1' },
    limit: 'max_budget',
    counter: `key:key_1/${unit}`,
    unit,
    amount,
    atLeast: amount,
    ceiling,
    windowMs: unit === 'requests' ? 60_000 : 0,
    resetAtMs: null,
  };
}

export async function openProcesses(
  count: number,
  options: Partial<RedisCounterOptions> & { address: RedisAddress },
): Promise<CountingProcesses> {
  const prefix = randomUUID();
  const ledger = new Map<string, number>();
  const states: RedisState[][] = [];
  const processes: CountingProcess[] = [];
  for (let index = 0; index < count; index += 1) {
    const journal: { counter: string; nanoUsd: number }[] = [];
    const log: RedisState[] = [];
    const counters = await createRedisCounters({
      prefix,
      processId: `process ${index}`,
      loadBalances: async (ids) =>
        new Map(
          ids.map((id) => {
            const unshipped = journal.filter(({ counter }) => counter === id);
            return [id, unshipped.reduce((sum, { nanoUsd }) => sum + nanoUsd, ledger.get(id) ?? 0)];
          }),
        ),
      flushLedger: async () => {
        for (const { counter, nanoUsd } of journal.splice(0)) ledger.set(counter, (ledger.get(counter) ?? 0) + nanoUsd);
      },
      liveProcesses: () => Math.max(1, processes.length),
      failMode: 'closed',
      timeoutMs: 200,
      billLagMs: 0,
      clock: 'redis',
      fenceMs: 300,
      onStateChange: (state) => log.push(state),
      ...options,
    });
    states.push(log);
    processes.push({
      counters,
      async settle(hold: Hold, nanoUsd: number) {
        for (const { charge } of hold.charges)
          if (charge.unit === 'nano_usd') journal.push({ counter: charge.counter, nanoUsd });
        await counters.settle(hold, { tokens: 0, nanoUsd }, Date.now());
      },
    });
  }
  return {
    processes,
    states,
    ledger,
    close: async () => {
      for (const { counters } of processes) await counters.close();
    },
  };
}

export async function hold({ counters }: CountingProcess, ...charges: Charge[]): Promise<Hold> {
  const reservation = await counters.reserve(charges, Date.now(), LEASE);
  if (!reservation.granted) throw new Error(`refused by ${reservation.shortage.charge.counter}`);
  return reservation.hold;
}

/** How many of so many calls at once are admitted; those that fail are not. */
export async function grants(processes: readonly CountingProcess[], count: number, one: Charge): Promise<number> {
  const all = await Promise.allSettled(
    Array.from({ length: count }, (_, call) =>
      (processes[call % processes.length] as CountingProcess).counters.reserve([one], Date.now(), LEASE),
    ),
  );
  return all.filter((result) => result.status === 'fulfilled' && result.value.granted).length;
}

export async function untilUp(processes: readonly CountingProcess[], timeout = 10_000): Promise<void> {
  await expect
    .poll(() => processes.map(({ counters }) => counters.state()), { timeout })
    .toEqual(processes.map(() => 'up'));
}
