import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import { counterId } from '../../core/counter-id.ts';
import type { JsonObject } from '../../core/json.ts';
import { sha256Hex } from '../../core/key-secret.ts';
import type { Limits } from '../../core/limits.ts';
import { toNanoUsd } from '../../core/money.ts';
import type { OwnerRef } from '../../core/owner.ts';
import type { TakeoverTarget } from './takeover.ts';

/** What an owner has spent by the books that are taken over. */
export interface TakenSpend {
  ref: OwnerRef;
  nanoUsd: number;
  /** When its budget window ends there; null: it says nothing. */
  resetAtMs: number | null;
  /** Model → dollars. */
  byModel: JsonObject;
}

type Deps = Pick<TakeoverTarget, 'spendCounter'>;
type Limited = Pick<Limits, 'budgetDuration' | 'modelMaxBudget'>;

/**
 * The movements that make a taken spend count: of the owner's life, and of the budget window that is open now where it
 * has one. A window that has ended there already takes nothing along. Each has a name of its own, so none happens twice.
 */
export function planSpend(deps: Deps, spend: TakenSpend, limits: Limited, nowMs: number): BalanceAdjustment[] {
  const { ref, nanoUsd, resetAtMs, byModel } = spend;
  const amounts = new Map<string, number>([[counterId(ref, 'spend'), nanoUsd]]);
  const isOver = resetAtMs !== null && resetAtMs <= nowMs;
  if (!isOver) amounts.set(deps.spendCounter(ref, limits, nowMs), nanoUsd);
  for (const model of Object.keys(limits.modelMaxBudget)) {
    const usd = Object.hasOwn(byModel, model) ? byModel[model] : null;
    if (typeof usd === 'number') amounts.set(deps.spendCounter(ref, limits, nowMs, model), Math.max(0, toNanoUsd(usd)));
  }
  return [...amounts]
    .filter(([, amount]) => amount > 0)
    .map(([counter, deltaNanoUsd]) => ({
      id: adjustmentId(counter),
      counter,
      deltaNanoUsd,
      reason: 'taken_over',
      atMs: nowMs,
    }));
}

/** The name of the movement that took over the spend of an owner's whole life. */
export function takenSpendId(ref: OwnerRef): string {
  return adjustmentId(counterId(ref, 'spend'));
}

function adjustmentId(counter: string): string {
  return `adj_${sha256Hex(`litellm ${counter}`).slice(0, 40)}`;
}
