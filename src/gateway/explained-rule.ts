import type { Charge, CounterState } from '../core/charge.ts';
import type { GatewayError } from '../core/gateway-error.ts';
import type { StandingKind } from '../core/owner-standing.ts';

/** One rule on the way to an answer, in the order in which a live call meets them. */
export interface ExplainedRule {
  rule:
    | 'key'
    | 'allowed_ips'
    | 'route'
    | StandingKind
    | 'enforced_params'
    | 'model'
    | 'price'
    | 'budget_fallbacks'
    | Charge['limit'];
  passed: boolean;
  /** Who set it: `key key_…`; null for rules that belong to nobody. */
  owner: string | null;
  /** The model that a limit is for, or that would be called in place of the one asked for; null for all other rules. */
  model: string | null;
  /** Set where a limit is for calls with one tag. */
  tag?: string;
  /** For limits: the ceiling, what is used and held now, and what this call would take. Money in nano-dollars. */
  numbers:
    | (CounterState & { unit: Charge['unit']; ceiling: number; wanted: number; atLeast: number; remaining: number })
    | null;
  /** The words of the refusal; null where it passed. */
  refusal: GatewayError | null;
}

/** A rule that counts nothing: it lets the call pass, or has words for why not. */
export function toRule(
  rule: ExplainedRule['rule'],
  owner: string | null,
  refusal: GatewayError | undefined,
): ExplainedRule {
  return { rule, passed: refusal === undefined, owner, model: null, numbers: null, refusal: refusal ?? null };
}
