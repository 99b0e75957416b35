/**
 * What there is to tell about a budget: which thresholds its spend has crossed, and whether it will be used up before
 * its window ends if things go on as they did. The same facts give the same ids, so whoever looks again finds nothing new.
 */
import type { AlertName } from './alert-event.ts';
import type { BudgetCalendar, BudgetWindow } from './budget-window.ts';
import { counterId } from './counter-id.ts';
import type { OwnerPolicy } from './owner-policy.ts';

export interface WatchedBudget {
  /** The counter that holds its spend. Names owner, model and window. */
  counter: string;
  maxBudgetNanoUsd: number | null;
  softBudgetNanoUsd: number | null;
  /** Null: for the owner's whole life. */
  window: BudgetWindow | null;
  /** The one model that it is for; null: for all of them. */
  model: string | null;
}

export interface Crossing {
  id: string;
  event: AlertName;
  /** A title for people, without the owner. */
  title: string;
  projectedExceededDate: string | null;
  projectedSpendNanoUsd: number | null;
}

const THRESHOLDS = [80, 95] as const;
/** Before a tenth of the window is over its spend says little about the rest. */
const LEAST_ELAPSED = 0.1;

/** Everything that is true at this moment. A budget of 0 allows nothing, so there is nothing to cross. */
export function findCrossings(budget: WatchedBudget, spentNanoUsd: number, nowMs: number): Crossing[] {
  const { counter, maxBudgetNanoUsd: max, softBudgetNanoUsd: soft } = budget;
  const crossings: Crossing[] = [];
  // A budget that is changed is another fact: who raises it wants to hear of the new one.
  const add = (event: AlertName, title: string, what: string, amount: number, projection = NO_PROJECTION): void => {
    crossings.push({ id: `${event}/${counter}/${what}/${amount}`, event, title, ...projection });
  };
  if (max !== null && max > 0) {
    for (const percent of THRESHOLDS) {
      if (spentNanoUsd >= Math.ceil((max * percent) / 100)) {
        add('threshold_crossed', `${percent}% Threshold Crossed`, `${percent}`, max);
      }
    }
    if (spentNanoUsd >= max) add('budget_crossed', 'Budget Crossed', '100', max);
    const projection = project(budget.window, max, spentNanoUsd, nowMs);
    if (projection !== null) {
      add('projected_limit_exceeded', 'Budget Projected To Be Exceeded', 'projected', max, projection);
    }
  }
  if (soft !== null && soft > 0 && spentNanoUsd >= soft) {
    add('soft_budget_crossed', 'Soft Budget Crossed', 'soft', soft);
  }
  return crossings;
}

type Projection = Pick<Crossing, 'projectedExceededDate' | 'projectedSpendNanoUsd'>;

const NO_PROJECTION: Projection = { projectedExceededDate: null, projectedSpendNanoUsd: null };

/** Spend at the end of the window at the pace of its past; null: within the budget, over it already, or too early. */
function project(window: BudgetWindow | null, max: number, spent: number, nowMs: number): Projection | null {
  if (window === null || spent <= 0 || spent >= max) return null;
  const length = window.endMs - window.startMs;
  const elapsed = nowMs - window.startMs;
  if (elapsed < length * LEAST_ELAPSED) return null;
  const projected = Math.round((spent / elapsed) * length);
  if (projected <= max) return null;
  const exceededAtMs = Math.min(window.startMs + Math.ceil((max / spent) * elapsed), window.endMs);
  return {
    projectedExceededDate: new Date(exceededAtMs).toISOString().slice(0, 10),
    projectedSpendNanoUsd: projected,
  };
}

/** The budgets of an owner that somebody may want to hear of, as they stand at this moment. */
export function listWatchedBudgets(
  policy: OwnerPolicy,
  softBudgetNanoUsd: number | null,
  calendar: BudgetCalendar,
  nowMs: number,
): WatchedBudget[] {
  const { owner, budgetDuration, maxBudgetNanoUsd, budgetLimits, modelMaxBudget, raise } = policy;
  const over = (
    duration: string | null,
    max: number | null,
    soft: number | null = null,
    model: string | null = null,
  ): WatchedBudget => {
    const window = duration === null ? null : calendar.windowAt(duration, nowMs);
    const at = window === null || duration === null ? undefined : { duration, startMs: window.startMs };
    return {
      counter: counterId(owner, 'spend', model ?? undefined, at),
      maxBudgetNanoUsd: max,
      softBudgetNanoUsd: soft,
      window,
      model,
    };
  };
  const raisedBy = raise !== null && nowMs < raise.untilMs ? raise.nanoUsd : 0;
  const own = over(budgetDuration, maxBudgetNanoUsd === null ? null : maxBudgetNanoUsd + raisedBy, softBudgetNanoUsd);
  return [
    ...(own.maxBudgetNanoUsd === null && own.softBudgetNanoUsd === null ? [] : [own]),
    ...budgetLimits.map((limit) => over(limit.budgetDuration, limit.maxBudgetNanoUsd)),
    ...Object.entries(modelMaxBudget).map(([model, limit]) =>
      over(limit.budgetDuration, limit.maxBudgetNanoUsd, null, model),
    ),
  ];
}
