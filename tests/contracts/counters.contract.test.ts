// What counters promise, wherever they are kept. Time is what the tests say.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Charge, Hold } from '../../src/core/charge.ts';
import { buildCharge as charge } from '../../src/counters/__fixtures__/charge.ts';
import type { Counters } from '../../src/counters/counters.ts';
import { createCounterModel } from './counter-model.ts';
import { COUNTER_STORES, type CounterStore } from './counters-on-all.ts';

const MINUTE = 60_000;
const LEASE = 20_000;
const START = 1_764_000_000_000;
const NOTHING = { tokens: 0, nanoUsd: 0 };

describe.each(COUNTER_STORES)('counters in $name', ({ create }) => {
  let store: CounterStore;
  /** Three processes on one store, and the ledger that they share. */
  let all: Counters[];
  let counters: Counters;
  let other: Counters;
  let ledger: Map<string, number>;
  let loads: number;
  /** What a reading of the ledger waits for, after it has looked. */
  let delay: () => Promise<unknown>;

  beforeEach(async () => {
    ledger = new Map();
    loads = 0;
    delay = async () => {};
    store = await create();
    const loadBalances = async (ids: readonly string[]) => {
      loads += 1;
      const seen = new Map(ids.map((id) => [id, ledger.get(id) ?? 0]));
      await delay();
      return seen;
    };
    all = [];
    for (let process = 0; process < 3; process += 1) all.push(await store.open(loadBalances));
    [counters, other] = all as [Counters, Counters];
  });
  afterEach(() => store.close());

  async function hold(charges: Charge[], nowMs = START, from = counters): Promise<Hold> {
    const reservation = await from.reserve(charges, nowMs, LEASE);
    if (!reservation.granted) throw new Error(`refused by ${reservation.shortage.charge.counter}`);
    return reservation.hold;
  }
  const grants = async (one: Charge, calls: number, nowMs = START): Promise<number> => {
    const made = Array.from({ length: calls }, (_, call) =>
      (all[call % all.length] as Counters).reserve([one], nowMs, LEASE),
    );
    return (await Promise.all(made)).filter((reservation) => reservation.granted).length;
  };

  describe('a reservation', () => {
    test.each([
      ['money', charge({ unit: 'nano_usd', amount: 100_000_000, atLeast: 1, ceiling: 1_000_000_000 })],
      ['requests', charge({ unit: 'requests' })],
      ['slots', charge({ unit: 'slots' })],
    ])('two hundred parallel calls of three processes where ten fit: ten are granted (%s)', async (_name, one) => {
      expect(await grants(one, 200)).toBe(10);
    });

    test('refused by one charge takes nothing of the others, and opens no window', async () => {
      const free = charge({ unit: 'requests' });
      const full = charge({ unit: 'slots', ceiling: 0 });
      const refused = await counters.reserve([free, full], START, LEASE);
      expect(refused).toMatchObject({ granted: false, shortage: { charge: full, used: 0, held: 0 } });
      expect(await counters.read([free], START)).toEqual([{ used: 0, held: 0, resetAtMs: null }]);
      expect(await counters.openHolds()).toBe(0);
    });

    test('names the first charge that does not fit, with the state of its counter', async () => {
      const money = charge({ unit: 'nano_usd', amount: 6, resetAtMs: START + 5 });
      const slot = charge({ unit: 'slots', ceiling: 1 });
      ledger.set(money.counter, 1);
      await hold([money, slot]);
      expect(await counters.reserve([charge({ unit: 'requests' }), money, slot], START, LEASE)).toEqual({
        granted: false,
        shortage: { charge: money, used: 1, held: 6, resetAtMs: START + 5 },
      });
    });

    test('is given what remains when that is enough', async () => {
      ledger.set('key:key_1/nano_usd', 7);
      const held = await hold([charge({ unit: 'nano_usd', amount: 5, atLeast: 2 })]);
      expect(held.charges).toEqual([
        {
          charge: charge({ unit: 'nano_usd', amount: 5, atLeast: 2 }),
          granted: 3,
          usedBefore: 7,
          remaining: 0,
          windowStartMs: 0,
        },
      ]);
    });

    test.each([
      ['below what is needed', 2, false],
      ['exactly what is needed', 3, true],
    ])('with %s left', async (_name, left, granted) => {
      ledger.set('key:key_1/nano_usd', 10 - left);
      const reservation = await counters.reserve([charge({ unit: 'nano_usd', amount: 5, atLeast: 3 })], START, LEASE);
      expect(reservation.granted).toBe(granted);
    });

    test('of nothing at all is granted, and is a hold like others', async () => {
      const empty = await hold([]);
      expect(empty.charges).toEqual([]);
      await counters.settle(empty, { tokens: 5, nanoUsd: 5 }, START);
      expect(await counters.openHolds()).toBe(0);
    });

    test('is exact to the last nano-dollar that a number can hold', async () => {
      const money = charge({ unit: 'nano_usd', amount: 991, ceiling: Number.MAX_SAFE_INTEGER });
      ledger.set(money.counter, Number.MAX_SAFE_INTEGER - 991);
      const held = await hold([money]);
      expect(held.charges[0]).toMatchObject({ usedBefore: Number.MAX_SAFE_INTEGER - 991, remaining: 0 });
      await counters.settle(held, { tokens: 0, nanoUsd: 990 }, START);
      expect(await other.spent([money.counter])).toEqual([Number.MAX_SAFE_INTEGER - 1]);
      expect((await other.reserve([{ ...money, atLeast: 2 }], START, LEASE)).granted).toBe(false);
      expect((await other.reserve([{ ...money, atLeast: 1 }], START, LEASE)).granted).toBe(true);
    });

    test('tells counters with strange names apart', async () => {
      const names = [
        'tag:a b/slots',
        'tag:a/slots',
        'tag:{x}/slots',
        'tag:"é\\n\'/slots',
        'tag:🎉/slots',
        'tag:%00/slots',
      ];
      const charges = names.map((counter) => charge({ unit: 'slots', counter, ceiling: 1 }));
      await hold(charges);
      for (const one of charges) expect((await other.reserve([one], START, LEASE)).granted).toBe(false);
      expect(await other.read(charges, START)).toEqual(names.map(() => ({ used: 0, held: 1, resetAtMs: null })));
    });
  });

  describe("a budget's opening balance", () => {
    test('is what the ledger has, and loads of several processes at once do not add up', async () => {
      ledger.set('key:key_1/nano_usd', 8);
      delay = () => new Promise((resolve) => setTimeout(resolve, 5));
      expect(await grants(charge({ unit: 'nano_usd' }), 60)).toBe(2);
    });

    test('is read once by a process for all of its calls that wait', async () => {
      delay = () => new Promise((resolve) => setTimeout(resolve, 5));
      const one = charge({ unit: 'nano_usd' });
      await Promise.all(Array.from({ length: 5 }, () => counters.reserve([one], START, LEASE)));
      expect(loads).toBe(1);
    });

    test('is read again when it moves while it is being read', async () => {
      const one = charge({ unit: 'nano_usd' });
      ledger.set(one.counter, 3);
      let looked = () => {};
      let goOn = () => {};
      const hasLooked = new Promise<void>((resolve) => {
        looked = resolve;
      });
      const gate = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      delay = () => {
        looked();
        return gate;
      };
      const pending = counters.reserve([one], START, LEASE);
      await hasLooked;
      ledger.set(one.counter, 10);
      await counters.adjust(one.counter, 7, 1);
      goOn();
      expect(await pending).toMatchObject({ granted: false, shortage: { used: 10 } });
    });

    test('that cannot be read fails the call and holds nothing', async () => {
      delay = () => Promise.reject(new Error('no database'));
      const charges = [charge({ unit: 'requests' }), charge({ unit: 'nano_usd' })];
      await expect(counters.reserve(charges, START, LEASE)).rejects.toThrow('no database');
      expect(await counters.openHolds()).toBe(0);
      delay = async () => {};
      expect((await counters.reserve(charges, START, LEASE)).granted).toBe(true);
    });
  });

  describe('a rolling window', () => {
    test('opens with its first charge and lasts its length to the millisecond', async () => {
      const limit = charge({ unit: 'requests', ceiling: 1 });
      await counters.settle(await hold([limit], START + 1_000), NOTHING, START + 1_000);
      expect(await other.reserve([limit], START + 1_000 + MINUTE - 1, LEASE)).toMatchObject({
        granted: false,
        shortage: { used: 1, held: 0, resetAtMs: START + 1_000 + MINUTE },
      });
      await hold([limit], START + 1_000 + MINUTE, other);
    });

    test('gives room for exactly its ceiling, window after window', async () => {
      const limit = charge({ unit: 'requests', ceiling: 7 });
      for (let window = 0; window < 3; window += 1) expect(await grants(limit, 20, START + window * MINUTE)).toBe(7);
    });

    test('takes with it what was held in it', async () => {
      const limit = charge({ unit: 'tokens', amount: 6 });
      const held = await hold([limit]);
      const later = START + MINUTE;
      await counters.renew(held, later - 1, LEASE);
      await hold([limit], later, other);
      await counters.settle(held, { tokens: 6, nanoUsd: 0 }, later);
      expect(await counters.read([limit], later)).toEqual([{ used: 0, held: 6, resetAtMs: later + MINUTE }]);
    });
  });

  describe('the end of a hold', () => {
    const everything = [
      charge({ unit: 'requests' }),
      charge({ unit: 'tokens', amount: 8 }),
      charge({ unit: 'slots' }),
      charge({ unit: 'nano_usd', amount: 9 }),
    ];

    test('settling turns each unit into what it was, for every process', async () => {
      await counters.settle(await hold(everything), { tokens: 3, nanoUsd: 4 }, START + 1);
      const resetAtMs = START + MINUTE;
      expect(await other.read(everything, START + 2)).toEqual([
        { used: 1, held: 0, resetAtMs },
        { used: 3, held: 0, resetAtMs },
        { used: 0, held: 0, resetAtMs: null },
        { used: 4, held: 0, resetAtMs: null },
      ]);
      expect(await other.spent(['key:key_1/nano_usd', 'key:other/spend'])).toEqual([4, 0]);
    });

    test('more than was held counts in full', async () => {
      await counters.settle(await hold(everything), { tokens: 30, nanoUsd: 40 }, START + 1);
      expect(await other.read(everything, START + 1)).toMatchObject([
        { used: 1 },
        { used: 30 },
        { used: 0 },
        { used: 40 },
      ]);
    });

    test('releasing gives everything back', async () => {
      await counters.release(await hold(everything), START + 1);
      expect(await other.read(everything, START + 1)).toMatchObject(everything.map(() => ({ used: 0, held: 0 })));
      expect(await other.openHolds()).toBe(0);
    });

    test('comes once: whatever follows a settle or a release changes nothing but money', async () => {
      const settled = await hold(everything);
      const released = await hold([charge({ unit: 'slots' })]);
      expect(await other.openHolds()).toBe(2);
      await counters.settle(settled, { tokens: 1, nanoUsd: 1 }, START);
      await counters.release(released, START);
      const before = await other.read(everything, START);
      await counters.release(settled, START);
      await counters.release(released, START);
      await counters.renew(settled, START, LEASE);
      expect(await other.openHolds()).toBe(0);
      expect(await other.read(everything, START)).toEqual(before);
    });

    test('comes by itself when the lease runs out, also where the process is gone', async () => {
      const slot = charge({ unit: 'slots', ceiling: 2 });
      const lost = await hold([slot]);
      const alive = await hold([slot]);
      await counters.renew(alive, START, 2 * LEASE);
      expect(await other.expire(START + LEASE - 1)).toBe(0);
      expect(await other.openHolds()).toBe(2);
      expect(await other.expire(START + LEASE)).toBe(1);
      expect(await other.read([slot], START + LEASE)).toMatchObject([{ held: 1 }]);
      await counters.settle(lost, NOTHING, START + LEASE);
      await counters.release(lost, START + LEASE);
      expect(await other.read([slot], START + LEASE)).toMatchObject([{ held: 1 }]);
    });

    test('a call that outlives its lease is still billed', async () => {
      const money = charge({ unit: 'nano_usd', amount: 5 });
      const held = await hold([money, charge({ unit: 'requests' })]);
      await other.expire(START + LEASE);
      await counters.settle(held, { tokens: 0, nanoUsd: 5 }, START + LEASE);
      expect(await other.spent([money.counter])).toEqual([5]);
      expect(await other.read([charge({ unit: 'requests' })], START + LEASE)).toMatchObject([{ used: 0, held: 0 }]);
    });
  });

  describe('looking and adjusting', () => {
    test('reading changes nothing: no window opens, no lease ends, no balance stays', async () => {
      const rate = charge({ unit: 'requests', ceiling: 1 });
      const money = charge({ unit: 'nano_usd', ceiling: 20 });
      ledger.set(money.counter, 5);
      expect(await counters.read([rate, money], START)).toEqual([
        { used: 0, held: 0, resetAtMs: null },
        { used: 5, held: 0, resetAtMs: null },
      ]);
      expect(await counters.spent([money.counter])).toEqual([5]);
      ledger.set(money.counter, 6);
      expect((await hold([rate, money], START + 1_000)).charges).toMatchObject([
        { windowStartMs: expect.any(Number), usedBefore: 0 },
        { usedBefore: 6 },
      ]);
      await counters.read([rate], START + 2 * MINUTE);
      expect(await counters.read([rate], START + 1_001)).toEqual([
        { used: 0, held: 1, resetAtMs: START + 1_000 + MINUTE },
      ]);
    });

    test("an administrator's change moves a balance once, however many processes hear of it", async () => {
      const money = charge({ unit: 'nano_usd' });
      await counters.settle(await hold([money]), { tokens: 0, nanoUsd: 9 }, START);
      for (const process of new Set(all)) await process.adjust(money.counter, -4, 77);
      expect(await counters.spent([money.counter])).toEqual([5]);
      await other.adjust(money.counter, -2, 78);
      await other.adjust(money.counter, 1);
      expect(await other.spent([money.counter])).toEqual([4]);
      expect(await counters.spent([money.counter])).toEqual([4]);
    });

    test('what a process that died had billed is read from the ledger, beside what is held', async () => {
      const money = charge({ unit: 'nano_usd' });
      const held = await hold([money]);
      if (counters.reread === undefined) return;
      ledger.set(money.counter, 6);
      await counters.reread(new Map([[money.counter, 6]]).set('key:nobody/spend', 1));
      expect(await grants(money, 30)).toBe(3);
      await counters.settle(held, { tokens: 0, nanoUsd: 1 }, START);
      expect(await other.spent([money.counter])).toEqual([7]);
    });

    test('a budget that nobody has charged is adjusted in the ledger alone', async () => {
      ledger.set('key:key_1/nano_usd', 3);
      await counters.adjust('key:key_1/nano_usd', 3);
      expect(await counters.spent(['key:key_1/nano_usd'])).toEqual([3]);
    });
  });

  test('whatever is done to them, they are what a simple model says', async () => {
    const step = fc.record({
      act: fc.constantFrom('reserve', 'reserve', 'settle', 'release', 'renew', 'nothing'),
      process: fc.nat({ max: 2 }),
      amounts: fc.tuple(fc.nat({ max: 8 }), fc.nat({ max: 8 }), fc.nat({ max: 8 })),
      wants: fc.subarray(['requests', 'tokens', 'slots', 'nano_usd'] as const, { minLength: 1 }),
      atLeast: fc.nat({ max: 8 }),
      which: fc.nat({ max: 20 }),
      advanceMs: fc.oneof(fc.constant(0), fc.nat({ max: 30_000 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await store.close();
        store = await create();
        const processes: Counters[] = [];
        for (let index = 0; index < 3; index += 1) processes.push(await store.open(async () => new Map()));
        const model = createCounterModel();
        const made: { by: Counters; ours: Hold; theirs: NonNullable<ReturnType<typeof model.reserve>>['hold'] }[] = [];
        let nowMs = START;
        for (const { act, process, amounts, wants, atLeast, which, advanceMs } of steps) {
          const here = processes[process] as Counters;
          const [amount, tokens, nanoUsd] = amounts;
          nowMs += advanceMs;
          expect(await here.expire(nowMs)).toBe(model.expire(nowMs));
          const chosen = made.length === 0 ? undefined : made[which % made.length];
          if (act === 'reserve') {
            const charges = wants.map((unit) =>
              unit === 'slots' || unit === 'requests'
                ? charge({ unit, ceiling: 4 })
                : charge({ unit, amount, atLeast: Math.min(amount, atLeast), ceiling: 30 }),
            );
            const expected = model.reserve(charges, nowMs, LEASE);
            const got = await here.reserve(charges, nowMs, LEASE);
            expect(got.granted).toBe(expected !== null);
            if (got.granted && expected !== null) {
              expect(got.hold.charges.map(({ granted }) => granted)).toEqual(expected.granted);
              made.push({ by: here, ours: got.hold, theirs: expected.hold });
            }
          } else if (chosen !== undefined && act === 'renew') {
            await chosen.by.renew(chosen.ours, nowMs, LEASE);
            model.renew(chosen.theirs, nowMs, LEASE);
          } else if (chosen !== undefined && act !== 'nothing') {
            made.splice(which % made.length, 1);
            if (act === 'settle') await chosen.by.settle(chosen.ours, { tokens, nanoUsd }, nowMs);
            else await chosen.by.release(chosen.ours, nowMs);
            model.end(chosen.theirs, act === 'settle' ? { tokens, nanoUsd } : null);
          }
          const looked = (['requests', 'tokens', 'slots', 'nano_usd'] as const).map((unit) => charge({ unit }));
          expect(await here.read(looked, nowMs)).toEqual(looked.map((one) => model.read(one, nowMs)));
          expect(await here.openHolds()).toBe(model.openHolds());
        }
      }),
      { numRuns: 60 },
    );
  });
});
