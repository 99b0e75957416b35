import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openStorage } from '../storage/open-storage.ts';
import { buildIntent, buildRecord } from './__fixtures__/calls.ts';
import { createWorld, MANUAL, withHooks } from './__fixtures__/ledger-world.ts';
import { checkLedger } from './check-ledger.ts';

const call = fc.integer({ min: 0, max: 5 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('open' as const), call }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('settle' as const), call }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constantFrom('ship', 'ship and crash', 'crash', 'restart') }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('lose the next answer', 'fail the next batch') }) },
);

test('whatever is opened, settled, shipped, lost and killed in whatever order: balances = Σ rows, each call once', async () => {
  const world = await createWorld(openStorage);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.constantFrom('hold', 'zero'), async (steps, unsettled) => {
      await world.reset();
      let trouble: 'none' | 'lost answer' | 'failure' = 'none';
      const failOnce = (kind: typeof trouble) => () => {
        if (trouble !== kind) return;
        trouble = 'none';
        throw new Error('no answer');
      };
      const database = withHooks(world.storage.writes, {
        begin: failOnce('failure'),
        committed: failOnce('lost answer'),
      });
      const options = { ...MANUAL, database, unsettled, segmentBytes: 2_500, maxBatch: 3, maxRecordsInMemory: 4 };
      let { ledger } = await world.open(options);
      // Each call is opened anew with a fresh id once it has ended; `cost` is what must come out in the end.
      const cost = new Map<string, number>();
      const inFlight = new Map<number, string>();
      let made = 0;
      const endInFlight = () => {
        for (const id of inFlight.values()) cost.set(id, unsettled === 'hold' ? 9_000 : 0);
        inFlight.clear();
      };

      for (const taken of steps) {
        if (taken.act === 'open' && !inFlight.has(taken.call)) {
          made += 1;
          inFlight.set(taken.call, `call ${made}`);
          await ledger.open(buildIntent(`call ${made}`));
        } else if (taken.act === 'settle') {
          const id = inFlight.get(taken.call);
          if (id === undefined) continue;
          inFlight.delete(taken.call);
          cost.set(id, made);
          await ledger.settle(buildRecord(id, made));
        } else if (taken.act === 'ship') await ledger.flush().catch(() => {});
        else if (taken.act === 'lose the next answer') trouble = 'lost answer';
        else if (taken.act === 'fail the next batch') trouble = 'failure';
        else if (taken.act === 'crash' || taken.act === 'ship and crash') {
          // The copy is what the dead process left; that its commit still goes through afterwards is the worst case.
          world.crash();
          if (taken.act === 'ship and crash') await ledger.flush().catch(() => {});
          endInFlight();
          ({ ledger } = await world.open(options));
        } else if (taken.act === 'restart') {
          await ledger.close();
          endInFlight();
          ({ ledger } = await world.open(options));
        }
      }
      trouble = 'none';
      await ledger.flush();
      const expected = [...cost].map(([request_id, spend_nano_usd]) => ({ request_id, spend_nano_usd }));
      const rows = await world.rows();
      expect(new Map(rows.map((row) => [row.request_id, row.spend_nano_usd]))).toEqual(
        new Map(expected.map((row) => [row.request_id, row.spend_nano_usd])),
      );
      const total = expected.reduce((sum, row) => sum + row.spend_nano_usd, 0);
      const check = await checkLedger(world.storage.reads, 'sqlite');
      expect(check).toEqual({ calls: cost.size, spendNanoUsd: total, differing: 0, differences: [] });
    }),
    { numRuns: 25 },
  );
  await world.close();
}, 30_000);
