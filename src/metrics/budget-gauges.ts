/** What is left of budgets, as of each owner's last call: from what admission knew, so that no scrape asks a store. */
import type { HeldCharge } from '../core/charge.ts';
import { toUsd } from '../core/money.ts';
import type { OwnerKind } from '../core/owner.ts';
import { gauge, type MetricFamily, type MetricValue } from './metric-family.ts';

interface Budget {
  /** As of the last call; null where the owner has none. */
  alias: string | null;
  maxNanoUsd: number;
  leftNanoUsd: number;
  resetAtMs: number | null;
}

/** Kinds of owners whose number is that of an organisation's parts, and LiteLLM's words for them. */
const NAMES: Partial<Record<OwnerKind, { metric: string; label: string; aliasLabel?: string }>> = {
  key: { metric: 'api_key', label: 'key_id', aliasLabel: 'api_key_alias' },
  user: { metric: 'user', label: 'user' },
  team: { metric: 'team', label: 'team', aliasLabel: 'team_alias' },
  organization: { metric: 'org', label: 'organization' },
};

/** What a call's key and team are called; null: nothing. */
export interface OwnerAliases {
  keyAlias: string | null;
  teamAlias: string | null;
}

export class BudgetGauges {
  private readonly budgets = new Map<OwnerKind, Map<string, Budget>>();
  private readonly maxOfKind: number;

  constructor(maxOfKind: number) {
    this.maxOfKind = maxOfKind;
  }

  /** What a call held, and what it cost; and what its key and its team are called at present. */
  note(charges: readonly HeldCharge[], spentNanoUsd: number, { keyAlias, teamAlias }: OwnerAliases): void {
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
      const alias = kind === 'key' ? keyAlias : kind === 'team' ? teamAlias : null;
      if (known !== undefined) {
        known.alias = alias;
        known.maxNanoUsd = charge.ceiling;
        known.leftNanoUsd = leftNanoUsd;
        known.resetAtMs = charge.resetAtMs;
      } else if (ofKind.size < this.maxOfKind) {
        ofKind.set(id, { alias, maxNanoUsd: charge.ceiling, leftNanoUsd, resetAtMs: charge.resetAtMs });
      }
    }
  }

  collect(nowMs: number): MetricFamily[] {
    return [...this.budgets].flatMap(([kind, owners]) => {
      const names = NAMES[kind];
      if (names === undefined) return [];
      const { metric, label, aliasLabel } = names;
      const left: MetricValue[] = [];
      const max: MetricValue[] = [];
      const hours: MetricValue[] = [];
      for (const [id, budget] of owners) {
        const labels = { [label]: id, ...(aliasLabel === undefined ? {} : { [aliasLabel]: budget.alias ?? '' }) };
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
