import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { toFloatText } from '../../core/denial.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { fillLimits } from '../../core/limits.ts';
import { keyLimits } from '../../core/owner-policy.ts';
import { acceptKeyChanges } from './accept-key-fields.ts';
import { changedMeanwhile, findKeyFor } from './find-key-for.ts';
import { planSpendMove, planWindowRestart } from './move-spend.ts';
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
 * The ledger keeps every call: only the balance moves, and calls that settle meanwhile are counted on top. Its further
 * budgets over other lengths of time (`budget_limits`) start anew.
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
  if (!(resetToNanoUsd >= 0)) throw refuse('reset_to must be >= 0');
  const fields = acceptKeyChanges(deps, { spendNanoUsd: resetToNanoUsd }, nowMs);
  const { assertMayBecome } = await planKeyChange(deps, caller, found, { act: 'reset_spend', fields, nowMs });
  const moved = await planSpendMove(deps, key, fields, nowMs);
  const previousNanoUsd = moved?.spend?.beforeNanoUsd ?? 0;
  const limits = fillLimits(keyLimits(key), found.standing.path.keyBudget);
  assertWithinSpend(limits.maxBudgetNanoUsd, resetToNanoUsd, previousNanoUsd);
  const restarted = await planWindowRestart(deps, key, limits, nowMs);
  const move = moved && { ...moved, adjustments: [...moved.adjustments, ...restarted] };
  const result = await deps.keys.change(addressOf(key), (current) => {
    assertMayBecome(current);
    return reviseKey(deps, current, { action: 'reset', fields, move, caller, actor, nowMs });
  });
  if (result.kind === 'not_found') throw keyNotFound(text);
  if (result.kind === 'conflict') throw changedMeanwhile();
  return { view: await viewKey(deps, result.after, nowMs), previousNanoUsd };
}

function assertWithinSpend(budgetNanoUsd: number | null, toNanoUsd: number, spentNanoUsd: number): void {
  if (toNanoUsd > spentNanoUsd) {
    const most = `reset_to (${toFloatText(toNanoUsd)}) must be <= current spend (${toFloatText(spentNanoUsd)})`;
    throw refuse(`${most}. Use spend in /key/update to raise it.`);
  }
  if (budgetNanoUsd !== null && toNanoUsd > budgetNanoUsd) {
    throw refuse(`reset_to (${toFloatText(toNanoUsd)}) must be <= budget (${toFloatText(budgetNanoUsd)})`);
  }
}

function refuse(message: string): GatewayError {
  return new GatewayError('bad_request', message, { param: 'reset_to' });
}
