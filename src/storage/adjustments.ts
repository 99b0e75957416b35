import type { BalanceAdjustment } from '../core/balance-adjustment.ts';
import { counterId } from '../core/counter-id.ts';
import type { WriteContext } from './writer.ts';

/** Writes the adjustments, moves their balances and announces each. Balances are taken in order, against deadlocks. */
export async function applyAdjustments(
  { trx, announce }: WriteContext,
  adjustments: readonly BalanceAdjustment[],
): Promise<void> {
  const ordered = [...adjustments].sort((a, b) => (a.counter < b.counter ? -1 : 1));
  for (const { id, counter, deltaNanoUsd, reason, atMs } of ordered) {
    await trx
      .insertInto('balance_adjustments')
      .values({ id, counter, delta_nano_usd: deltaNanoUsd, reason, at_ms: atMs })
      .execute();
    await trx
      .insertInto('balances')
      .values({ counter, nano_usd: deltaNanoUsd, key_id: null })
      .onConflict((conflict) =>
        conflict.column('counter').doUpdateSet((eb) => ({
          nano_usd: eb('balances.nano_usd', '+', eb.ref('excluded.nano_usd')),
        })),
      )
      .execute();
    announce({ kind: 'balance', counter, deltaNanoUsd });
  }
}

/** Every key has a lifetime balance from its first moment, so that a list can be sorted by spend through an index. */
export async function openKeyBalance({ trx }: WriteContext, keyId: string): Promise<void> {
  await trx
    .insertInto('balances')
    .values({ counter: counterId({ kind: 'key', id: keyId }, 'spend'), nano_usd: 0, key_id: keyId })
    .onConflict((conflict) => conflict.column('counter').doUpdateSet({ key_id: keyId }))
    .execute();
}
