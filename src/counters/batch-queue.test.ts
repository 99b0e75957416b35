import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { buildCharge } from './__fixtures__/charge.ts';
import { createBatchQueue } from './batch-queue.ts';

const charge = buildCharge({ unit: 'slots', ceiling: 10 });
const reserveAs = (holdId: string) =>
  ({ kind: 'reserve', holdId, charges: [charge], nowMs: 1, leaseMs: 20, openings: new Map() }) as const;

test('a reservation whose batch was carried out without an answer is given back and asked for anew', async () => {
  const sent: unknown[][] = [];
  const queue = createBatchQueue({
    writer: 'a',
    timeOf: 'caller',
    async execute(_sql, parameters) {
      sent.push(parameters[8] as unknown[]);
      // Null: a batch of this number has been carried out before.
      return [{ r: sent.length === 1 ? null : [1, 1, 1, 0, 9, 0, 1] }];
    },
  });
  const charge = buildCharge({ unit: 'slots', ceiling: 10 });
  const step = {
    kind: 'reserve',
    holdId: 'a:1',
    charges: [charge],
    nowMs: 1,
    leaseMs: 20,
    openings: new Map(),
  } as const;
  expect(await queue.reserve(step)).toMatchObject({ granted: true, hold: { id: 'a:1:again' } });
  expect(sent).toEqual([['a:1'], ['a:1', 'a:1:again']]);
});

test('once one reservation has waited in vain, nobody goes on waiting, and what is granted late is given back', async () => {
  const sent: unknown[][] = [];
  let answer = (): void => {};
  const queue = createBatchQueue({
    writer: 'a',
    timeOf: 'caller',
    patienceMs: 100,
    async execute(_sql, parameters) {
      sent.push(parameters[8] as unknown[]);
      if (sent.length === 1) await new Promise<void>((resolve) => (answer = resolve));
      return [{ r: [1, 1, 0, 9, 0, 1] }];
    },
  });
  const told = (holdId: string) => queue.reserve(reserveAs(holdId)).catch(({ code }) => code);
  const first = told('a:1');
  await sleep(60);
  const second = told('a:2');
  expect(await first).toBe('database_unavailable');
  expect(await Promise.race([second, sleep(0, 'waits')])).toBe('database_unavailable');
  answer();
  await expect.poll(() => sent).toEqual([['a:1'], ['a:1']]);
});
