/**
 * The one place that decides what a call may use up. It does not say yes: it lists, for every limit of every owner on
 * the path, what this call would take (`Charge`), and the counters grant all of it or nothing. Budgets, rates and
 * parallel slots, of keys and of whoever else has limits, are the same function over a list of owners.
 */
import type { BudgetCalendar } from './budget-window.ts';
import type { Charge, HeldCharge } from './charge.ts';
import { counterId } from './counter-id.ts';
import type { Denial } from './denial.ts';
import type { BudgetMode } from './key.ts';
import type { ModelPrice } from './model.ts';
import type { OwnerPolicy } from './owner-policy.ts';
import { affordableOutputTokens, computeCostNanoUsd, computeWorstCaseNanoUsd, isFree } from './pricing.ts';
import type { TokenEstimate } from './token-estimate.ts';
import { estimatedUsage } from './usage.ts';

export interface AdmissionSettings {
  budgetMode: BudgetMode;
  rateWindowMs: number;
  tokenRateType: 'total' | 'input' | 'output';
  /** What a call without `max_tokens` is taken to produce, in standard mode. */
  typicalOutputTokens: number;
  /** What it can produce at most where the model's own limit is not known, in hard mode. */
  hardDefaultMaxTokens: number;
}

export interface AdmissionFacts {
  owners: readonly OwnerPolicy[];
  /** The name that is called, after the key's own aliases. */
  model: string;
  /**
   * What else the call's model is known by: what the proxy's alias stands for, and the group that answers (a wildcard's
   * pattern). Limits of a model hold under each of its names, or an alias would be the way around them.
   */
  otherNames: readonly string[];
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
  /** What the call is likely to cost: the row's price should it never settle. Worst case where a hard budget applies. */
  estimatedNanoUsd: number;
  /** Present when a hard budget is on the path: how far output may have to be cut. */
  hardOutput: HardOutput | null;
}

export interface HardOutput {
  /** Output tokens per answer that `amount` pays for. */
  maxTokens: number;
  /** False: the upstream has to be told the limit, since nothing else bounds its answer. */
  boundedByUpstream: boolean;
}

/** Under this many tokens an answer is not worth cutting: the call is refused instead. */
const LEAST_USEFUL_OUTPUT_TOKENS = 256;

/**
 * Ten thousand dollars: no call costs more, whatever `max_tokens` and `n` a client writes. What is expected is charged
 * when a process dies with the call in flight, so it has to be an amount that a balance can take.
 */
const MOST_EXPECTED_NANO_USD = 1e13;

export function planAdmission(
  facts: AdmissionFacts,
  settings: AdmissionSettings,
  calendar: BudgetCalendar,
  nowMs: number,
): AdmissionPlan | { denial: Denial } {
  const charges: Charge[] = [];
  const balanceCounters: string[] = [];
  const free = facts.price !== null && isFree(facts.price);
  const standard = standardAmounts(facts, settings);
  let hardOutput: HardOutput | null = null;
  let estimatedNanoUsd = standard.expected;

  for (const policy of facts.owners) {
    const { owner } = policy;
    balanceCounters.push(counterId(owner, 'spend'));
    for (const budget of budgetsOf(policy, facts)) {
      const window = budget.duration === null ? undefined : calendar.windowAt(budget.duration, nowMs);
      const counter = counterId(
        owner,
        'spend',
        budget.model,
        window === undefined ? undefined : { duration: budget.duration as string, startMs: window.startMs },
      );
      if (window !== undefined || budget.model !== undefined) balanceCounters.push(counter);
      if (budget.maxNanoUsd === null || free) continue;
      let amounts: { amount: number; atLeast: number } = standard;
      if ((policy.budgetMode ?? settings.budgetMode) === 'hard') {
        if (facts.price === null) {
          return {
            denial: {
              kind: 'unknown_price',
              owner,
              limit: budget.limit,
              model: facts.model,
              ceilingNanoUsd: budget.maxNanoUsd,
              counter,
            },
          };
        }
        const hard = hardAmounts(facts, facts.price, settings);
        hardOutput = hard.output;
        estimatedNanoUsd = hard.amount;
        amounts = hard;
      }
      charges.push({
        owner,
        limit: budget.limit,
        ...(budget.model === undefined ? {} : { model: budget.model }),
        counter,
        unit: 'nano_usd',
        amount: amounts.amount,
        atLeast: amounts.atLeast,
        ceiling: budget.maxNanoUsd,
        windowMs: 0,
        resetAtMs: window?.endMs ?? null,
      });
    }
  }
  // Rates after budgets: a call that is over both is told about the budget, which waiting a minute does not mend.
  for (const policy of facts.owners) addRateCharges(charges, policy, facts, settings);
  return {
    charges,
    balanceCounters,
    estimatedNanoUsd: Math.min(estimatedNanoUsd, MOST_EXPECTED_NANO_USD),
    hardOutput,
  };
}

/** What a hard budget's grant pays for: output tokens per answer. Null when nothing has to be cut. */
export function planOutputCut(
  plan: AdmissionPlan,
  held: readonly HeldCharge[],
  facts: AdmissionFacts,
): { maxTokens: number; lowered: boolean } | null {
  if (plan.hardOutput === null || facts.price === null || !facts.estimate.producesOutput) return null;
  let maxTokens = plan.hardOutput.maxTokens;
  for (const { charge, granted } of held) {
    if (charge.unit !== 'nano_usd' || granted >= charge.amount) continue;
    maxTokens = Math.min(
      maxTokens,
      affordableOutputTokens(granted, facts.estimate.maxInputTokens, facts.estimate.choices, facts.price),
    );
  }
  const lowered = maxTokens < plan.hardOutput.maxTokens;
  return lowered || !plan.hardOutput.boundedByUpstream ? { maxTokens, lowered } : null;
}

interface Budget {
  limit: 'max_budget' | 'model_max_budget';
  model?: string;
  maxNanoUsd: number | null;
  duration: string | null;
}

function budgetsOf(policy: OwnerPolicy, facts: AdmissionFacts): Budget[] {
  const budgets: Budget[] = [];
  if (policy.maxBudgetNanoUsd !== null || policy.budgetDuration !== null) {
    budgets.push({ limit: 'max_budget', maxNanoUsd: policy.maxBudgetNanoUsd, duration: policy.budgetDuration });
  }
  forEachLimit(policy.modelMaxBudget, facts, ({ maxBudgetNanoUsd, budgetDuration }, model) => {
    budgets.push({ limit: 'model_max_budget', model, maxNanoUsd: maxBudgetNanoUsd, duration: budgetDuration });
  });
  return budgets;
}

/** The limits set for the called model, under each of its names. */
function forEachLimit<Limit>(
  limits: Readonly<Record<string, Limit>>,
  { model, otherNames }: AdmissionFacts,
  use: (limit: Limit, model: string) => void,
): void {
  if (Object.hasOwn(limits, model)) use(limits[model] as Limit, model);
  for (const name of otherNames) if (Object.hasOwn(limits, name)) use(limits[name] as Limit, name);
}

/** Standard mode: wanted is the likely cost, enough is one nano-dollar, so a call is admitted while anything remains. */
function standardAmounts(
  facts: AdmissionFacts,
  settings: AdmissionSettings,
): { amount: number; atLeast: number; expected: number } {
  const { estimate, price } = facts;
  const outputTokens = estimate.producesOutput
    ? (estimate.requestedOutputTokens ?? settings.typicalOutputTokens) * estimate.choices
    : 0;
  const expected =
    price === null ? 0 : computeCostNanoUsd(estimatedUsage(estimate.billedInputTokens, outputTokens), price);
  return { amount: Math.max(1, expected), atLeast: 1, expected };
}

/** Hard mode: wanted is the worst that can happen; enough is the worst of the shortest answer worth having. */
function hardAmounts(
  facts: AdmissionFacts,
  price: ModelPrice,
  settings: AdmissionSettings,
): { amount: number; atLeast: number; output: HardOutput } {
  const { estimate } = facts;
  const maxTokens = estimate.producesOutput
    ? largestOutput(estimate.requestedOutputTokens, facts.maxOutputTokens, settings)
    : 0;
  const cost = (outputTokens: number): number =>
    computeWorstCaseNanoUsd(
      { inputTokens: estimate.maxInputTokens, outputTokens: outputTokens * estimate.choices },
      price,
    );
  return {
    amount: cost(maxTokens),
    atLeast: cost(Math.min(maxTokens, LEAST_USEFUL_OUTPUT_TOKENS)),
    output: {
      maxTokens,
      boundedByUpstream:
        !estimate.producesOutput || facts.maxOutputTokens !== null || estimate.requestedOutputTokens !== null,
    },
  };
}

function largestOutput(requested: number | null, ofModel: number | null, settings: AdmissionSettings): number {
  if (requested === null) return ofModel ?? settings.hardDefaultMaxTokens;
  return ofModel === null ? requested : Math.min(requested, ofModel);
}

function addRateCharges(
  charges: Charge[],
  policy: OwnerPolicy,
  facts: AdmissionFacts,
  settings: AdmissionSettings,
): void {
  const { owner } = policy;
  const rate = (
    limit: Charge['limit'],
    unit: 'requests' | 'tokens' | 'slots',
    ceiling: number,
    amount: number,
    ofModel?: string,
  ): void => {
    charges.push({
      owner,
      limit,
      ...(ofModel === undefined ? {} : { model: ofModel }),
      counter: counterId(owner, unit, ofModel),
      unit,
      amount,
      atLeast: amount,
      ceiling,
      windowMs: unit === 'slots' ? 0 : settings.rateWindowMs,
      resetAtMs: null,
    });
  };
  const tokens = reservedTokens(facts.estimate, settings.tokenRateType);
  if (policy.maxParallelRequests !== null) rate('max_parallel_requests', 'slots', policy.maxParallelRequests, 1);
  if (policy.rpmLimit !== null) rate('rpm_limit', 'requests', policy.rpmLimit, 1);
  if (policy.tpmLimit !== null) rate('tpm_limit', 'tokens', policy.tpmLimit, tokens);
  forEachLimit(policy.modelRpmLimit, facts, (rpm, model) => rate('model_rpm_limit', 'requests', rpm, 1, model));
  forEachLimit(policy.modelTpmLimit, facts, (tpm, model) => rate('model_tpm_limit', 'tokens', tpm, tokens, model));
}

/** A call without `max_tokens` reserves its input only, as LiteLLM does; what it then produces counts when it settles. */
function reservedTokens(estimate: TokenEstimate, type: AdmissionSettings['tokenRateType']): number {
  const output = (estimate.requestedOutputTokens ?? 0) * estimate.choices;
  if (type === 'input') return estimate.inputTokens;
  return Math.max(1, type === 'output' ? output : estimate.inputTokens + output);
}
