/** What is left of budgets, as of each owner's last call: from what admission knew, so that no scrape asks a store. */
import type { HeldCharge } from '../core/charge.ts';
import { toUsd } from '../core/money.ts';
import type { OwnerKind } from '../core/owner.ts';
import { gauge, type MetricFamily, type MetricValue } from './metric-family.ts';

interface Budget {
  maxNanoUsd: number;
  leftNanoUsd: number;
  resetAtMs: number | null;
}

/** Kinds of owners whose number is that of an organisation's parts, and LiteLLM's words for them. */
const NAMES: Partial<Record<OwnerKind, { metric: string; label: string }>> = {
  key: { metric: 'api_key', label: 'key_id' },
  user: { metric: 'user', label: 'user' },
  team: { metric: 'team', label: 'team' },
  organization: { metric: 'org', label: 'organization' },
};

export class BudgetGauges {
  private readonly budgets = new Map<OwnerKind, Map<string, Budget>>();
  private readonly maxOfKind: number;

  constructor(maxOfKind: number) {
    this.maxOfKind = maxOfKind;
  }

  /** What a call held, and what it cost. */
  note(charges: readonly HeldCharge[], spentNanoUsd: number): void {
    for (const { charge, usedBefore } of charges) {
      if (charge.limit !== 'max_budget' || NAMES[charge.owner.kind] === undefined) continue;
      const { kind, id } = charge.owner;
      let ofKind = this.budgets.get(kind);
      if (ofKind === undefined) {
        ofKind = new Map();
        this.budgets.set(kind, ofKind);
      }
      const known = ofKind.get(id);
      const leftNanoUsd = charge.ceiling - usedBefore - spentNanoUsd;
      if (known !== undefined) {
        known.maxNanoUsd = charge.ceiling;
        known.leftNanoUsd = leftNanoUsd;
        known.resetAtMs = charge.resetAtMs;
      } else if (ofKind.size < this.maxOfKind) {
        ofKind.set(id, { maxNanoUsd: charge.ceiling, leftNanoUsd, resetAtMs: charge.resetAtMs });
      }
    }
  }

  collect(nowMs: number): MetricFamily[] {
    return [...this.budgets].flatMap(([kind, owners]) => {
      const names = NAMES[kind];
      if (names === undefined) return [];
      const { metric, label } = names;
      const left: MetricValue[] = [];
      const max: MetricValue[] = [];
      const hours: MetricValue[] = [];
      for (const [id, budget] of owners) {
        const labels = { [label]: id };
        // A window that has ended since is a new one, of which nothing is used.
        const isOver = budget.resetAtMs !== null && budget.resetAtMs <= nowMs;
        left.push({ labels, value: toUsd(isOver ? budget.maxNanoUsd : budget.leftNanoUsd) });
        max.push({ labels, value: toUsd(budget.maxNanoUsd) });
        if (budget.resetAtMs !== null && !isOver) {
          hours.push({ labels, value: (budget.resetAtMs - nowMs) / 3_600_000 });
        }
      }
      const families = [
        gauge(`litellm_remaining_${metric}_budget_metric`, 'US dollars left, as of the last call.', left, 'min'),
        gauge(`litellm_${metric}_max_budget_metric`, 'The budget in US dollars.', max, 'max'),
      ];
      if (hours.length > 0) {
        const help = 'Hours until the budget begins anew.';
        families.push(gauge(`litellm_${metric}_budget_remaining_hours_metric`, help, hours, 'min'));
      }
      return families;
    });
  }
}
