import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { toUsd } from '../../core/money.ts';
import { acceptKeyChanges } from './accept-key-fields.ts';
import { changedMeanwhile, findKeyFor } from './find-key-for.ts';
import { planSpendMove } from './move-spend.ts';
import { planKeyChange } from './plan-key-change.ts';
import { addressOf, keyNotFound } from './resolve-key.ts';
import { reviseKey } from './revise-key.ts';
import type { UpdateDeps } from './update-key.ts';
import { type KeyView, viewKey } from './view-key.ts';

export interface SpendReset {
  /** Secret, hash, key_id or alias. */
  key: string;
  /** Nano-dollars that count as spent from now on; no more than are spent now. */
  resetToNanoUsd: number;
}

/**
 * Takes back what a key has spent in its current budget window, down to an amount between nothing and what it is now.
 * The ledger keeps every call: only the balance moves, and calls that settle meanwhile are counted on top.
 * Throws not_found, forbidden (for whoever is not above the key), bad_request, conflict (spend changed by two at once).
 */
export async function resetKeySpend(
  deps: UpdateDeps,
  caller: Caller,
  actor: Actor,
  { key: text, resetToNanoUsd }: SpendReset,
): Promise<{ view: KeyView; previousNanoUsd: number }> {
  const nowMs = deps.nowMs();
  const found = await findKeyFor(deps, caller, 'reset_spend', text);
  const { key } = found.draft;
  if (!(resetToNanoUsd >= 0)) throw refuse('reset_to must be a number of dollars, 0 or more.');
  const fields = acceptKeyChanges(deps, { spendNanoUsd: resetToNanoUsd }, nowMs);
  const assertMayBecome = await planKeyChange(deps, caller, found, { act: 'reset_spend', fields, nowMs });
  const move = await planSpendMove(deps, key, fields, nowMs);
  const previousNanoUsd = move?.spend?.beforeNanoUsd ?? 0;
  assertWithinSpend(key, resetToNanoUsd, previousNanoUsd);
  const result = await deps.keys.change(addressOf(key), (current) => {
    assertMayBecome(current);
    return reviseKey(deps, current, { action: 'reset', fields, move, caller, actor, nowMs });
  });
  if (result.kind === 'not_found') throw keyNotFound(text);
  if (result.kind === 'conflict') throw changedMeanwhile();
  return { view: await viewKey(deps, result.after, nowMs), previousNanoUsd };
}

function assertWithinSpend(key: KeyRecord, toNanoUsd: number, spentNanoUsd: number): void {
  const to = `reset_to=${toUsd(toNanoUsd)}`;
  if (toNanoUsd > spentNanoUsd) {
    throw refuse(
      `${to} is above the key's current spend of ${toUsd(spentNanoUsd)}. Use spend in /key/update to raise it.`,
    );
  }
  if (key.maxBudgetNanoUsd !== null && toNanoUsd > key.maxBudgetNanoUsd) {
    throw refuse(`${to} is above the key's max_budget of ${toUsd(key.maxBudgetNanoUsd)}.`);
  }
}

function refuse(message: string): GatewayError {
  return new GatewayError('bad_request', message, { param: 'reset_to' });
}
