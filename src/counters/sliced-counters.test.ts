import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Charge, Hold } from '../core/charge.ts';
import { buildCharge } from './__fixtures__/charge.ts';
import type { Counters } from './counters.ts';
import { createMemoryCounters } from './memory-counters.ts';
import { createSlicedCounters } from './sliced-counters.ts';

const START = 1_764_000_000_000;
const LEASE = 20_000;
const TICK = 250;

let nowMs: number;
let ledger: Map<string, number>;
let store: Counters;
/** How often the store was asked. */
let asked: number;
let away: boolean;

beforeEach(() => {
  nowMs = START;
  ledger = new Map();
  asked = 0;
  away = false;
  store = createMemoryCounters({ loadBalances: async () => ledger });
});

/** One more process on the store. */
function open(processes = 3): Counters {
  const ask = <A extends unknown[], R>(act: (...given: A) => R) =>
    (async (...given: A) => {
      asked += 1;
      if (away) throw new Error('away');
      return act(...given);
    }) as unknown as (...given: A) => R;
  const shared: Counters = {
    reserve: ask(store.reserve),
    settle: ask(store.settle),
    release: ask(store.release),
    renew: ask(store.renew),
    read: ask(store.read),
    spent: ask(store.spent),
    adjust: store.adjust,
    openHolds: ask(store.openHolds),
    expire: ask(store.expire),
    close: async () => {},
  };
  return createSlicedCounters({ store: shared, sharers: () => processes });
}

function charge(over: Partial<Charge> = {}): Charge {
  const one = buildCharge({ unit: 'nano_usd', counter: 'key:key_1/spend', amount: 100, ceiling: 10_000_000 });
  return { ...one, ...over };
}
const rate = (over: Partial<Charge> = {}) =>
  charge({ unit: 'requests', counter: 'key:key_1/requests', amount: 1, atLeast: 1, windowMs: 60_000, ...over });

async function hold(counters: Counters, charges: Charge[]): Promise<Hold> {
  const reservation = await counters.reserve(charges, nowMs, LEASE);
  if (!reservation.granted) throw new Error('refused');
  return reservation.hold;
}
async function pass(ms: number, ...processes: Counters[]): Promise<void> {
  for (const untilMs = nowMs + ms; nowMs < untilMs; ) {
    nowMs += TICK;
    for (const counters of processes) await counters.expire(nowMs);
  }
}
/** What the store counts of one counter: used and held together. */
async function taken(one: Charge): Promise<number> {
  const [state] = await store.read([{ ...one, ceiling: 0 }], nowMs);
  return (state?.used ?? 0) + (state?.held ?? 0);
}
const cost = (nanoUsd: number) => ({ tokens: 0, nanoUsd });

describe('with much left', () => {
  test('a process asks the store once, and then serves by itself at once', async () => {
    const counters = open();
    await counters.settle(await hold(counters, [charge(), rate()]), cost(90), nowMs);
    await counters.expire(nowMs);
    nowMs += 500;
    asked = 0;
    for (let call = 0; call < 200; call += 1) {
      const reservation = counters.reserve([charge(), rate()], nowMs, LEASE);
      expect(reservation).not.toBeInstanceOf(Promise);
      void counters.settle((reservation as { hold: Hold }).hold, cost(90), nowMs);
    }
    expect(asked).toBe(0);
    await counters.expire(nowMs);
    expect(await store.spent(['key:key_1/spend'])).toEqual([201 * 90]);
    expect(await store.read([rate()], nowMs)).toMatchObject([{ used: 201 }]);
  });

  test('what is spent is right at once in this process, and half a second later in all', async () => {
    const [here, there] = [open(), open()];
    for (let call = 0; call < 5; call += 1) {
      await here.settle(await hold(here, [charge()]), cost(70), nowMs);
      await here.expire(nowMs);
    }
    nowMs += 500;
    await here.settle(await hold(here, [charge()]), cost(70), nowMs);
    expect(await here.spent(['key:key_1/spend'])).toEqual([420]);
    expect(await here.read([charge()], nowMs)).toMatchObject([{ used: 420, held: 0 }]);
    await here.expire(nowMs);
    expect(await there.spent(['key:key_1/spend'])).toEqual([420]);
  });

  test('a headers’ remaining goes down with every call', async () => {
    const counters = open();
    await hold(counters, [rate({ ceiling: 1_000 })]);
    await counters.expire(nowMs);
    const left = [];
    for (let call = 0; call < 3; call += 1)
      left.push((await hold(counters, [rate({ ceiling: 1_000 })])).charges[0]?.remaining);
    expect(left).toEqual([998, 997, 996]);
  });

  test('a ceiling that was lowered meanwhile holds at once', async () => {
    const counters = open();
    await hold(counters, [charge()]);
    await counters.expire(nowMs);
    expect(await counters.reserve([charge({ ceiling: 150 })], nowMs, LEASE)).toMatchObject({ granted: false });
    expect(await counters.reserve([charge({ ceiling: 250 })], nowMs, LEASE)).toMatchObject({ granted: true });
  });

  test("an administrator's change takes slices back", async () => {
    const counters = open();
    await counters.settle(await hold(counters, [charge()]), cost(100), nowMs);
    await counters.expire(nowMs);
    await counters.adjust('key:key_1/spend', 10_000_000 - 150, 5);
    await counters.expire(nowMs);
    expect(await counters.reserve([charge()], nowMs, LEASE)).toMatchObject({ granted: false });
  });
});

describe('a slice goes back', () => {
  test('when nothing has been taken of it for a second', async () => {
    const counters = open();
    await counters.settle(await hold(counters, [charge(), rate()]), cost(100), nowMs);
    await counters.expire(nowMs);
    expect(await taken(charge())).toBeGreaterThan(1_000);
    await pass(1_250, counters);
    expect(await taken(charge())).toBe(100);
    expect(await taken(rate())).toBe(1);
    expect(await store.openHolds()).toBe(0);
  });

  test('but for what calls hold, which goes when they end', async () => {
    const counters = open();
    const long = await hold(counters, [charge()]);
    await counters.expire(nowMs);
    const longer = await hold(counters, [charge()]);
    for (let second = 0; second < 60; second += 1) {
      await pass(1_000, counters);
      for (const call of [long, longer]) await counters.renew(call, nowMs, LEASE);
    }
    expect(await counters.openHolds()).toBe(2);
    expect(await taken(charge())).toBeLessThan(200_000);
    await counters.settle(long, cost(100), nowMs);
    await counters.settle(longer, cost(300), nowMs);
    await pass(1_250, counters);
    expect(await store.spent(['key:key_1/spend'])).toEqual([400]);
    expect(await store.openHolds()).toBe(0);
  });

  test('when its window is over, and the next window is counted anew', async () => {
    const counters = open();
    for (let call = 0; call < 20; call += 1) await hold(counters, [rate({ ceiling: 1_000 })]);
    await counters.expire(nowMs);
    nowMs += 60_000;
    await hold(counters, [rate({ ceiling: 1_000 })]);
    await pass(1_250, counters);
    expect(await taken(rate())).toBe(1);
  });

  test('when its process has died, after its lease', async () => {
    const [dead, alive] = [open(), open()];
    await dead.settle(await hold(dead, [charge()]), cost(100), nowMs);
    await dead.expire(nowMs);
    await hold(alive, [charge()]);
    const before = await taken(charge());
    await pass(14_000, alive);
    expect(await taken(charge())).toBeGreaterThan(1_000);
    expect(await taken(charge())).toBeLessThan(before);
    await pass(2_000, alive);
    expect(await taken(charge())).toBe(200);
  });

  test('at the end of the process', async () => {
    const counters = open();
    await counters.settle(await hold(counters, [charge()]), cost(100), nowMs);
    await counters.expire(nowMs);
    await counters.settle(await hold(counters, [charge()]), cost(100), nowMs);
    await counters.close();
    expect(await taken(charge())).toBe(200);
    expect(await store.openHolds()).toBe(0);
  });
});

describe('a store that cannot be reached', () => {
  test('stops nobody who has a slice, until its lease is about to end', async () => {
    const counters = open();
    await counters.settle(await hold(counters, [charge()]), cost(100), nowMs);
    await counters.expire(nowMs);
    away = true;
    for (let turn = 0; turn < 44; turn += 1) {
      await counters.settle(await hold(counters, [charge()]), cost(100), nowMs);
      nowMs += TICK;
      await Promise.resolve(counters.expire(nowMs)).catch(() => {});
    }
    nowMs += 1_000;
    await expect(hold(counters, [charge()])).rejects.toThrow('away');
    away = false;
    await counters.expire(nowMs);
    await pass(2_000, counters);
    expect(await store.spent(['key:key_1/spend'])).toEqual([4_500]);
    expect(await store.openHolds()).toBe(0);
  });

  test('a process that slept through its lease serves nothing from before', async () => {
    const counters = open();
    await counters.settle(await hold(counters, [charge()]), cost(100), nowMs);
    await counters.expire(nowMs);
    nowMs += 60_000;
    await store.expire(nowMs);
    asked = 0;
    await hold(counters, [charge()]);
    expect(asked).toBeGreaterThan(0);
  });
});

describe('near the ceiling every call asks the store', () => {
  test.each([
    ['a dollar by the dime', charge({ amount: 100_000_000, ceiling: 1_000_000_000, atLeast: 1 }), 10],
    ['sixty requests a minute', rate({ ceiling: 60 }), 60],
    ['five calls at a time', rate({ unit: 'slots', windowMs: 0, ceiling: 5 }), 5],
  ])('%s over three processes', async (_name, one, expected) => {
    const processes = [open(), open(), open()];
    const made = await Promise.all(
      Array.from({ length: 200 }, (_, call) => (processes[call % 3] as Counters).reserve([one], nowMs, LEASE)),
    );
    expect(made.filter(({ granted }) => granted)).toHaveLength(expected);
  });

  test.each([
    [60, 0],
    [60, 2],
    [60, 3],
    [700, 1],
    [700, 2],
    [700, 3],
  ])('a process alone admits all of %d, when the others come %d turns after the first call', async (ceiling, turns) => {
    // As over a network: the store answers later, and what is asked meanwhile is asked of how it stood then.
    const later = <A extends unknown[], R>(act: (...given: A) => R) =>
      (async (...given: A) => {
        await new Promise(setImmediate);
        const answer = act(...given);
        await new Promise(setImmediate);
        return answer;
      }) as unknown as (...given: A) => R;
    const { reserve, settle } = store;
    store = { ...store, reserve: later(reserve), settle: later(settle) };
    const counters = open(1);
    const one = rate({ ceiling });
    const made = await Promise.all(
      Array.from({ length: ceiling * 3 }, async (_, call) => {
        for (let turn = 0; call > 0 && turn < turns; turn += 1) await new Promise(setImmediate);
        const reservation = await counters.reserve([one], nowMs, LEASE);
        if (reservation.granted && call % 2 === 0) await counters.settle(reservation.hold, cost(0), nowMs);
        return reservation.granted;
      }),
    );
    expect(made.filter(Boolean)).toHaveLength(ceiling);
  });

  test('a call that is refused while its process is given a slice has what the slice was given', async () => {
    const { reserve } = store;
    // The slice's lots are on their way for longer than the call's refusal.
    store = {
      ...store,
      reserve: (async (...given: Parameters<typeof reserve>) => {
        const answer = reserve(...given);
        if (given[0][0]?.amount !== 1) await new Promise((resolve) => setTimeout(resolve, 20));
        return answer;
      }) as typeof reserve,
    };
    const counters = open(1);
    await hold(counters, [rate({ ceiling: 60 })]);
    await reserve([rate({ ceiling: 60, amount: 45, atLeast: 45 })], nowMs, LEASE);
    expect(await counters.reserve([rate({ ceiling: 60 })], nowMs, LEASE)).toMatchObject({ granted: true });
  });

  test('a process alone is never refused because of its own slices', async () => {
    const counters = open(1);
    const one = charge({ ceiling: 100_000 });
    let granted = 0;
    for (let call = 0; call < 1_100; call += 1) {
      const reservation = await counters.reserve([one], nowMs, LEASE);
      if (!reservation.granted) continue;
      granted += 1;
      await counters.settle(reservation.hold, cost(100), nowMs);
    }
    expect(granted).toBe(1_000);
  });
});

test('whatever three processes do and whenever one dies: never over the ceiling, everything is used up, all comes back', async () => {
  const step = fc.record({
    process: fc.nat({ max: 2 }),
    calls: fc.nat({ max: 120 }),
    amount: fc.integer({ min: 1, max: 30 }),
    used: fc.nat({ max: 30 }),
    settleNow: fc.boolean(),
    advanceMs: fc.constantFrom(0, 0, 250, 1_000, 5_000),
    dies: fc.boolean(),
  });
  const money = charge({ ceiling: 10_000 });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), fc.nat({ max: 29 }), async (steps, deathAt) => {
      nowMs = START;
      store = createMemoryCounters({ loadBalances: async () => new Map() });
      let processes = [open(), open(), open()];
      let spent = 0;
      let inFlight: { of: Counters; hold: Hold; used: number }[] = [];
      const call = async (of: Counters, amount: number, used: number): Promise<boolean> => {
        const reservation = await of.reserve([{ ...money, amount, atLeast: amount }], nowMs, LEASE);
        if (reservation.granted) inFlight.push({ of, hold: reservation.hold, used: Math.min(used, amount) });
        return reservation.granted;
      };
      const settle = async (): Promise<void> => {
        for (const { of, hold, used } of inFlight) {
          await of.settle(hold, cost(used), nowMs);
          spent += used;
        }
        inFlight = [];
      };
      const check = async (): Promise<void> => {
        const held = inFlight.reduce((sum, { hold }) => sum + (hold.charges[0]?.granted ?? 0), 0);
        expect(spent + held).toBeLessThanOrEqual(money.ceiling);
        expect(await taken(money)).toBeLessThanOrEqual(money.ceiling);
      };
      for (const [index, { process, calls, amount, used, settleNow, advanceMs, dies }] of steps.entries()) {
        const of = processes[process % processes.length] as Counters;
        for (let made = 0; made < calls; made += 1) await call(of, amount, used);
        if (settleNow) await settle();
        await check();
        nowMs += advanceMs;
        if (dies && index === deathAt && processes.length > 1) {
          // What it had not reported is only in its journal, which the ledger bills.
          processes = processes.filter((one) => one !== of);
          inFlight = inFlight.filter((one) => one.of !== of);
          await settle();
          await pass(LEASE + 1_500, ...processes);
          [spent = 0] = await store.spent([money.counter]);
        }
        for (const one of processes) {
          for (const { of, hold } of inFlight) if (of === one) await one.renew(hold, nowMs, LEASE);
          await one.expire(nowMs);
        }
      }
      await settle();
      await pass(1_500, ...processes);
      expect(await store.openHolds()).toBe(0);
      expect(await store.spent([money.counter])).toEqual([spent]);
      // By now slices are few, and have gone back whenever a process pauses: the last unit can be had.
      for (let round = 0; round < 2_000 && spent < money.ceiling; round += 1) {
        const left = money.ceiling - spent;
        const amount = Math.min(left, 10);
        if (await call(processes[round % processes.length] as Counters, amount, amount)) await settle();
        else await pass(1_500, ...processes);
      }
      expect(spent).toBe(money.ceiling);
    }),
    { numRuns: 40 },
  );
});

test('a store is told which balances the ledger has bills for that never came through it', async () => {
  const told: ReadonlyMap<string, number>[] = [];
  const reread = (moved: ReadonlyMap<string, number>) => {
    told.push(moved);
  };
  const counters = createSlicedCounters({ store: { ...store, reread }, sharers: () => 1 });
  await counters.reread?.(new Map([['key:key_1/spend', 7]]));
  expect(told).toEqual([new Map([['key:key_1/spend', 7]])]);
  expect(createSlicedCounters({ store, sharers: () => 1 }).reread).toBeUndefined();
});
