/** What a plan is made from, what it is, and how its lines are put down. Which lines there are is `admission.ts`. */
import type { Charge } from './charge.ts';
import {
  type AmountSettings,
  type Amounts,
  expectedNanoUsd,
  type HardOutput,
  hardAmounts,
  reservedTokens,
  standardAmounts,
} from './charge-amounts.ts';
import type { UnknownPrice } from './denial.ts';
import type { BudgetMode } from './key.ts';
import type { ModelPrice } from './model.ts';
import type { Budget, Limit, OwnerLimits } from './owner-limits.ts';
import { isFree } from './pricing.ts';
import type { TokenEstimate } from './token-estimate.ts';

export interface AdmissionSettings extends AmountSettings {
  budgetMode: BudgetMode;
  rateWindowMs: number;
}

export interface AdmissionFacts {
  /** Whoever has limits on the call's path, in the order of refusals. Each one's spend is counted. */
  owners: readonly OwnerLimits[];
  /** The name that is called, after the key's own aliases. */
  model: string;
  /**
   * What else the call's model is known by: what the proxy's alias stands for, and the group that answers (a wildcard's
   * pattern). Limits of a model hold under each of its names, or an alias would be the way around them.
   */
  otherNames: readonly string[];
  /** What the call is tagged with, each once. */
  tags: readonly string[];
  estimate: TokenEstimate;
  /** Null: no price is known. */
  price: ModelPrice | null;
  /** The model's largest output, where known. */
  maxOutputTokens: number | null;
}

export interface AdmissionPlan {
  charges: readonly Charge[];
  /** Every balance that this call's cost moves, charged or not (reports need what no limit needs). */
  balanceCounters: readonly string[];
  /** For each of those the index of its charge in `charges`; NOT_CHARGED where nothing is held of it. */
  balanceCharges: readonly number[];
  /** What the call is likely to cost: the row's price should it never settle. Worst case where a hard budget applies. */
  estimatedNanoUsd: number;
  /** Present when a hard budget is on the path: how far output may have to be cut. */
  hardOutput: HardOutput | null;
}

/**
 * Ten thousand dollars: no call costs more, whatever `max_tokens` and `n` a client writes. What is expected is charged
 * when a process dies with the call in flight, so it has to be an amount that a balance can take.
 */
const MOST_EXPECTED_NANO_USD = 1e13;
/** The place of a charge that there is not. */
export const NOT_CHARGED = -1;

/** A plan in the making. Lines stand in the order in which they are added, which is the order of refusals. */
export class PlanDraft {
  /** A budget that cannot be kept, whatever is left of it; the first one that was met. */
  denial: UnknownPrice | null = null;

  private readonly facts: AdmissionFacts;
  private readonly settings: AdmissionSettings;
  private readonly isFree: boolean;
  private readonly tokens: number;
  private readonly standard: Amounts;
  private hard: (Amounts & { output: HardOutput }) | null = null;
  private expected: number;
  private readonly charges: Charge[] = [];
  private readonly balanceCounters: string[] = [];
  private readonly balanceCharges: number[] = [];

  constructor(facts: AdmissionFacts, settings: AdmissionSettings) {
    this.facts = facts;
    this.settings = settings;
    this.isFree = facts.price !== null && isFree(facts.price);
    this.tokens = reservedTokens(facts.estimate, settings.tokenRateType);
    this.expected = expectedNanoUsd(facts.estimate, facts.price, settings);
    this.standard = standardAmounts(this.expected);
  }

  /** A balance that the call's cost moves. */
  addBalance(counter: string): void {
    this.balanceCounters.push(counter);
    this.balanceCharges.push(NOT_CHARGED);
  }

  /** A budget of the owner whose balance was added last. */
  addBudget(budget: Budget, limit: Limit): void {
    if (budget.ownCounter) this.addBalance(limit.counter);
    if (!budget.limits || this.isFree) return;
    if ((budget.mode ?? this.settings.budgetMode) === 'standard') {
      this.holdMoney(limit, this.standard);
      return;
    }
    const { estimate, price, maxOutputTokens, model } = this.facts;
    if (price === null) {
      const { owner, counter, ceiling: ceilingNanoUsd } = limit;
      this.denial ??= { kind: 'unknown_price', owner, limit: limit.limit, model, ceilingNanoUsd, counter };
      return;
    }
    this.hard ??= hardAmounts(estimate, price, maxOutputTokens, this.settings);
    this.expected = this.hard.amount;
    this.holdMoney(limit, this.hard);
  }

  addSlot(limit: Limit): void {
    this.charges.push(toCharge(limit, 1, 1, 0));
  }

  addRequest(limit: Limit): void {
    this.charges.push(toCharge(limit, 1, 1, this.settings.rateWindowMs));
  }

  /** Apart from other requests, so that their charges need no place for a tag. */
  addTaggedRequest(limit: Limit): void {
    this.charges.push({ ...toCharge(limit, 1, 1, this.settings.rateWindowMs), tag: limit.tag });
  }

  addTokens(limit: Limit): void {
    this.charges.push(toCharge(limit, this.tokens, this.tokens, this.settings.rateWindowMs));
  }

  finish(): AdmissionPlan {
    return {
      charges: this.charges,
      balanceCounters: this.balanceCounters,
      balanceCharges: this.balanceCharges,
      estimatedNanoUsd: Math.min(this.expected, MOST_EXPECTED_NANO_USD),
      hardOutput: this.hard === null ? null : this.hard.output,
    };
  }

  private holdMoney(limit: Limit, { amount, atLeast }: Amounts): void {
    this.balanceCharges[this.balanceCharges.length - 1] = this.charges.length;
    this.charges.push(toCharge(limit, amount, atLeast, 0));
  }
}

/** Spelled out: this is what another limit costs a call. */
function toCharge(
  { owner, limit, model, counter, unit, ceiling, resetAtMs }: Limit,
  amount: number,
  atLeast: number,
  windowMs: number,
): Charge {
  return { owner, limit, model, counter, unit, amount, atLeast, ceiling, windowMs, resetAtMs };
}
