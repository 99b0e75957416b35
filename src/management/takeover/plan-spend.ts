import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import { counterId } from '../../core/counter-id.ts';
import { addDuration, parseDuration } from '../../core/duration.ts';
import type { JsonObject } from '../../core/json.ts';
import { sha256Hex } from '../../core/key-secret.ts';
import type { Limits } from '../../core/limits.ts';
import { toNanoUsd } from '../../core/money.ts';
import type { OwnerRef } from '../../core/owner.ts';
import type { TakeoverTarget } from './takeover.ts';

/** What an owner has spent by the books that are taken over. */
export interface TakenSpend {
  ref: OwnerRef;
  /** Since its budget began anew. */
  nanoUsd: number;
  /** In its whole life, where the books say so; they may have begun later than the owner, and 0 says nothing. */
  lifeNanoUsd: number;
  /** When its budget window ends there; null: it says nothing. */
  resetAtMs: number | null;
  /** Model → dollars. */
  byModel: JsonObject;
  /** Of its further budgets; the latest window of a length comes last. */
  windows: readonly WindowSpend[];
}

/** What has been spent in a window of one of several budgets. */
export interface WindowSpend {
  /** As it is written in `budget_limits`. */
  duration: string;
  startMs: number;
  nanoUsd: number;
}

type Deps = Pick<TakeoverTarget, 'spendCounter' | 'windowEndMs'>;
type Limited = Pick<Limits, 'budgetDuration' | 'modelMaxBudget' | 'budgetLimits'>;

/**
 * The movements that make a taken spend count: of the owner's life, and of the budget windows that are open now where it
 * has such. A window that has ended there already takes nothing along. Each has a name of its own, so none happens twice.
 */
export function planSpend(deps: Deps, spend: TakenSpend, limits: Limited, nowMs: number): BalanceAdjustment[] {
  const { ref, nanoUsd, lifeNanoUsd, resetAtMs, byModel } = spend;
  const life = counterId(ref, 'spend');
  const own = deps.spendCounter(ref, limits, nowMs);
  // A budget without a window is counted for life here, and must not begin with more than it had used up there.
  const amounts = new Map<string, number>([[life, own === life ? nanoUsd : Math.max(nanoUsd, lifeNanoUsd)]]);
  const isOver = resetAtMs !== null && resetAtMs <= nowMs;
  if (!isOver && own !== life) amounts.set(own, nanoUsd);
  for (const model of Object.keys(limits.modelMaxBudget)) {
    const usd = Object.hasOwn(byModel, model) ? byModel[model] : null;
    if (typeof usd === 'number') amounts.set(deps.spendCounter(ref, limits, nowMs, model), Math.max(0, toNanoUsd(usd)));
  }
  for (const { budgetDuration } of limits.budgetLimits) {
    const window = spend.windows.findLast(({ duration }) => duration === budgetDuration);
    if (window === undefined || !isOpen(deps, window, nowMs)) continue;
    // The same counter where the owner's own budget has this length, too: the spend of both is told twice, and is one.
    const counter = deps.spendCounter(ref, { budgetDuration, modelMaxBudget: {} }, nowMs);
    amounts.set(counter, Math.max(window.nanoUsd, amounts.get(counter) ?? 0));
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

/** By its length, or because the window here, which follows the calendar and may be a day longer, is still the same one. */
function isOpen({ windowEndMs }: Deps, { duration: text, startMs }: WindowSpend, nowMs: number): boolean {
  const duration = parseDuration(text);
  if (duration === undefined) return false;
  return addDuration(startMs, duration) > nowMs || windowEndMs(text, startMs) === windowEndMs(text, nowMs);
}

/** The name of the movement that took over the spend of an owner's whole life. */
export function takenSpendId(ref: OwnerRef): string {
  return adjustmentId(counterId(ref, 'spend'));
}

function adjustmentId(counter: string): string {
  return `adj_${sha256Hex(`litellm ${counter}`).slice(0, 40)}`;
}
