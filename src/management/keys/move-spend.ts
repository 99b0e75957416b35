import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyFields } from './key-fields.ts';
import type { KeyManagement } from './key-management.ts';
import { mergeKeyFields } from './merge-key-fields.ts';

/** A movement of a key's balance that comes with a change of its row. */
export interface SpendMove {
  beforeNanoUsd: number;
  afterNanoUsd: number;
  adjustments: readonly BalanceAdjustment[];
  /** Throws `conflict` when the row in the transaction is not the one that the movement was computed for. */
  assertStillFits(current: KeyRecord): void;
}

/**
 * What a change does to the key's balance; null when it leaves it alone. A given `spend` sets it. A new budget
 * duration means a new counter, and the present spend goes along: a key over its budget stays over it.
 * The movement is a difference, so calls that settle meanwhile are neither lost nor counted twice.
 */
export async function planSpendMove(
  deps: Pick<KeyManagement, 'readSpend' | 'spendCounter' | 'newId'>,
  found: KeyRecord,
  fields: KeyFields,
  nowMs: number,
): Promise<SpendMove | null> {
  const next = mergeKeyFields(found, fields, nowMs);
  const isSet = fields.spendNanoUsd !== undefined;
  if (!isSet && next.budgetDuration === found.budgetDuration) return null;
  const [present = 0, onNextCounter = 0] = await deps.readSpend([found, next]);
  const target = isSet ? (fields.spendNanoUsd ?? 0) : present;
  const deltaNanoUsd = target - onNextCounter;
  const adjustment: BalanceAdjustment = {
    id: deps.newId('adj_'),
    counter: deps.spendCounter(next, nowMs),
    deltaNanoUsd,
    reason: isSet ? 'spend_set' : 'window_changed',
    atMs: nowMs,
  };
  return {
    beforeNanoUsd: present,
    afterNanoUsd: target,
    adjustments: deltaNanoUsd === 0 ? [] : [adjustment],
    assertStillFits(current) {
      if (current.budgetDuration === found.budgetDuration && current.updatedAtMs === found.updatedAtMs) return;
      throw new GatewayError('conflict', 'Somebody else changed this key at the same moment. Send the request again.');
    },
  };
}
