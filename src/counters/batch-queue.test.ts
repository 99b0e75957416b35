import { expect, test } from 'vitest';
import { buildCharge } from './__fixtures__/charge.ts';
import { createBatchQueue } from './batch-queue.ts';

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
