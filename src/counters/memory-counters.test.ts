import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Charge, Hold } from '../core/charge.ts';
import { buildCharge as charge } from './__fixtures__/charge.ts';
import { createMemoryCounters } from './memory-counters.ts';

const MINUTE = 60_000;

function countersWith(balances: Record<string, number> = {}) {
  return createMemoryCounters({ loadBalances: async () => new Map(Object.entries(balances)) });
}

async function mustReserve(counters: ReturnType<typeof countersWith>, charges: Charge[], nowMs: number): Promise<Hold> {
  const reservation = await counters.reserve(charges, nowMs, MINUTE);
  if (!reservation.granted) throw new Error(`refused by ${reservation.shortage.charge.counter}`);
  return reservation.hold;
}

describe('reserve', () => {
  test('two hundred parallel calls on a budget for ten: ten are granted', async () => {
    const counters = countersWith();
    const dime = charge({ unit: 'nano_usd', amount: 100_000_000, atLeast: 1, ceiling: 1_000_000_000 });
    const reservations = await Promise.all(Array.from({ length: 200 }, () => counters.reserve([dime], 1, MINUTE)));
    expect(reservations.filter((reservation) => reservation.granted)).toHaveLength(10);
  });

  test('a refusal by one charge takes nothing of the others', async () => {
    const counters = countersWith();
    const free = charge({ unit: 'requests' });
    const full = charge({ unit: 'slots', ceiling: 0 });
    const refused = await counters.reserve([free, full], 1, MINUTE);
    expect(refused).toMatchObject({ granted: false, shortage: { charge: full, used: 0, held: 0 } });
    expect(await counters.read([free], 1)).toEqual([{ used: 0, held: 0, resetAtMs: null }]);
  });

  test('what remains is granted when it is enough', async () => {
    const counters = countersWith({ 'key:key_1/nano_usd': 7 });
    const hold = await mustReserve(counters, [charge({ unit: 'nano_usd', amount: 5, atLeast: 2 })], 1);
    expect(hold.charges[0]).toMatchObject({ granted: 3, usedBefore: 7, remaining: 0 });
  });

  test.each([
    ['below what is needed', 2, false],
    ['exactly what is needed', 3, true],
  ])('%s', async (_name, left, granted) => {
    const counters = countersWith({ 'key:key_1/nano_usd': 10 - left });
    const reservation = await counters.reserve([charge({ unit: 'nano_usd', amount: 5, atLeast: 3 })], 1, MINUTE);
    expect(reservation.granted).toBe(granted);
  });

  test('a budget opens with the balance of the ledger, read once for all that wait', async () => {
    let reads = 0;
    const counters = createMemoryCounters({
      loadBalances: async () => {
        reads += 1;
        return new Map([['key:key_1/nano_usd', 8]]);
      },
    });
    const one = charge({ unit: 'nano_usd' });
    const all = await Promise.all(Array.from({ length: 5 }, () => counters.reserve([one], 1, MINUTE)));
    expect(all.filter((reservation) => reservation.granted)).toHaveLength(2);
    expect(reads).toBe(1);
  });

  test('a balance that moves while it is being read is read again', async () => {
    let stored = 3;
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const counters = createMemoryCounters({
      loadBalances: async () => {
        const seen = stored;
        await gate;
        return new Map([['key:key_1/nano_usd', seen]]);
      },
    });
    const pending = counters.reserve([charge({ unit: 'nano_usd' })], 1, MINUTE);
    stored = 10;
    void counters.adjust('key:key_1/nano_usd', 7);
    release();
    expect(await pending).toMatchObject({ granted: false, shortage: { used: 10 } });
  });
});

describe('windows', () => {
  test('open with their first charge and last their length to the millisecond', async () => {
    const counters = countersWith();
    const limit = charge({ unit: 'requests', ceiling: 1 });
    await mustReserve(counters, [limit], 1_000);
    expect(await counters.reserve([limit], 1_000 + MINUTE - 1, MINUTE)).toMatchObject({
      granted: false,
      shortage: { resetAtMs: 1_000 + MINUTE },
    });
    await mustReserve(counters, [limit], 1_000 + MINUTE);
  });

  test('what was held in a window that has passed does not come back in the next', async () => {
    const counters = countersWith();
    const limit = charge({ unit: 'tokens', amount: 6 });
    const hold = await mustReserve(counters, [limit], 1);
    const later = 1 + MINUTE;
    await mustReserve(counters, [limit], later);
    await counters.settle(hold, { tokens: 6, nanoUsd: 0 }, later);
    expect(await counters.read([limit], later)).toMatchObject([{ used: 0, held: 6 }]);
  });
});

describe('the end of a hold', () => {
  test('settling turns each unit into what it was', async () => {
    const counters = countersWith();
    const charges = [
      charge({ unit: 'requests' }),
      charge({ unit: 'tokens', amount: 8 }),
      charge({ unit: 'slots' }),
      charge({ unit: 'nano_usd', amount: 9 }),
    ];
    const hold = await mustReserve(counters, charges, 1);
    await counters.settle(hold, { tokens: 3, nanoUsd: 4 }, 2);
    expect(await counters.read(charges, 2)).toMatchObject([
      { used: 1, held: 0 },
      { used: 3, held: 0 },
      { used: 0, held: 0 },
      { used: 4, held: 0 },
    ]);
    expect(await counters.spent(['key:key_1/nano_usd', 'key:other/spend'])).toEqual([4, 0]);
  });

  test('releasing gives everything back', async () => {
    const counters = countersWith();
    const charges = [charge({ unit: 'requests' }), charge({ unit: 'slots' })];
    await counters.release(await mustReserve(counters, charges, 1), 2);
    expect(await counters.read(charges, 2)).toMatchObject([
      { used: 0, held: 0 },
      { used: 0, held: 0 },
    ]);
  });

  test('comes once: a second settle changes nothing', async () => {
    const counters = countersWith();
    const slot = charge({ unit: 'slots' });
    const hold = await mustReserve(counters, [slot], 1);
    expect(await counters.openHolds()).toBe(1);
    await counters.settle(hold, { tokens: 0, nanoUsd: 0 }, 2);
    await counters.release(hold, 2);
    expect(await counters.openHolds()).toBe(0);
    expect(await counters.read([slot], 2)).toMatchObject([{ used: 0, held: 0 }]);
  });

  test('comes by itself when the lease runs out, unless it was renewed', async () => {
    const counters = countersWith();
    const slot = charge({ unit: 'slots', ceiling: 2 });
    const lost = await mustReserve(counters, [slot], 1);
    const alive = await mustReserve(counters, [slot], 1);
    await counters.renew(alive, 1, 2 * MINUTE);
    expect(await counters.expire(1 + MINUTE)).toBe(1);
    expect(await counters.read([slot], 1 + MINUTE)).toMatchObject([{ held: 1 }]);
    await counters.settle(lost, { tokens: 0, nanoUsd: 0 }, 1 + MINUTE);
    expect(await counters.read([slot], 1 + MINUTE)).toMatchObject([{ held: 1 }]);
  });

  test('a call that outlives its lease is still billed', async () => {
    const counters = countersWith();
    const money = charge({ unit: 'nano_usd', amount: 5 });
    const hold = await mustReserve(counters, [money], 1);
    await counters.expire(1 + MINUTE);
    await counters.settle(hold, { tokens: 0, nanoUsd: 5 }, 2 + MINUTE);
    expect(await counters.spent([money.counter])).toEqual([5]);
  });

  test('idle budgets are forgotten and read back from the ledger', async () => {
    let stored = 1;
    const counters = createMemoryCounters({
      loadBalances: async () => new Map([['key:key_1/nano_usd', stored]]),
      idleMs: 10,
    });
    const money = charge({ unit: 'nano_usd', amount: 2 });
    const hold = await mustReserve(counters, [money], 1);
    await counters.settle(hold, { tokens: 0, nanoUsd: 2 }, 1);
    stored = 9;
    await counters.expire(10 * MINUTE);
    expect(await counters.reserve([money], 10 * MINUTE, MINUTE)).toMatchObject({
      granted: false,
      shortage: { used: 9 },
    });
  });
});

test('whatever is done to them, holds never exceed the ceiling at a grant and never outlive their calls', async () => {
  const step = fc.record({
    act: fc.constantFrom('reserve' as const, 'settle' as const, 'release' as const, 'expire' as const),
    amount: fc.integer({ min: 1, max: 8 }),
    atLeast: fc.integer({ min: 0, max: 8 }),
    used: fc.integer({ min: 0, max: 8 }),
    advanceMs: fc.integer({ min: 0, max: 30_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const counters = createMemoryCounters({ loadBalances: async () => new Map(), idleMs: Number.POSITIVE_INFINITY });
      const open: Hold[] = [];
      let nowMs = 1;
      let spent = 0;
      for (const { act, amount, atLeast, used, advanceMs } of steps) {
        nowMs += advanceMs;
        const charges = [
          charge({ unit: 'nano_usd', amount, atLeast: Math.min(amount, atLeast), ceiling: 40 }),
          charge({ unit: 'slots', ceiling: 4 }),
        ];
        if (act === 'expire') await counters.expire(nowMs);
        else if (act === 'reserve') {
          const reservation = await counters.reserve(charges, nowMs, MINUTE);
          if (reservation.granted) {
            open.push(reservation.hold);
            const [money, slots] = await counters.read(charges, nowMs);
            expect((money?.used ?? 0) + (money?.held ?? 0)).toBeLessThanOrEqual(Math.max(40, spent));
            expect(slots?.held).toBeLessThanOrEqual(4);
          }
        } else {
          const hold = open.shift();
          if (hold === undefined) continue;
          if (act === 'settle') {
            await counters.settle(hold, { tokens: 0, nanoUsd: used }, nowMs);
            spent += used;
          } else await counters.release(hold, nowMs);
        }
        expect(await counters.openHolds()).toBeLessThanOrEqual(open.length);
      }
      await counters.expire(nowMs + 10 * MINUTE);
      const [money, slots] = await counters.read([charge({ unit: 'nano_usd' }), charge({ unit: 'slots' })], nowMs);
      expect([money?.held, slots?.held, await counters.openHolds()]).toEqual([0, 0, 0]);
      expect(money?.used ?? 0).toBe(spent);
    }),
    { numRuns: 200 },
  );
});
