import { planAdmission } from '../core/admission.ts';
import type { Caller } from '../core/caller.ts';
import type { CounterState } from '../core/charge.ts';
import { type Denial, toDenialError } from '../core/denial.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { OwnerRef } from '../core/owner.ts';
import { denialContext, fallbacksFor } from './admit-call.ts';
import { type ExplainedRule, toRule } from './explained-rule.ts';
import type { CallParties } from './find-parties.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { ParsedCall } from './parse-call.ts';
import { type PreparedCall, prepareInstead } from './prepare-call.ts';

type Deps = Pick<GatewayDeps, 'models' | 'priceOf' | 'settings' | 'calendar' | 'counters'>;

/** What the limits on a call's path say to it. */
export interface ExplainedLimits {
  rules: ExplainedRule[];
  /** The model group that would serve the call, be it one of the key's `budget_fallbacks`; null: refused. */
  servedBy: string | null;
  /** The words of the refusal; null where the call is served. */
  refusal: GatewayError | null;
  estimatedNanoUsd: number | null;
}

/**
 * The plan that a live call would reserve, held against the counters as they are; where a budget does not pay for it, each
 * of the key's `budget_fallbacks` as well, up to the one that would serve.
 */
export async function explainLimits(
  deps: Deps,
  { caller, parsed, parties }: { caller: Caller; parsed: ParsedCall; parties: CallParties },
  prepared: PreparedCall,
  nowMs: number,
): Promise<ExplainedLimits> {
  const { rules, denial, estimatedNanoUsd } = await explainPlan(deps, caller, prepared, nowMs);
  if (denial === null) return { rules, servedBy: prepared.group, refusal: null, estimatedNanoUsd };
  for (const model of fallbacksFor(caller, prepared, denial)) {
    const rule = (refusal?: GatewayError) =>
      ({ ...toRule('budget_fallbacks', `key ${caller.key?.keyId}`, refusal), model }) satisfies ExplainedRule;
    const instead = prepareInstead(deps, caller, parsed, parties, { model, insteadOf: prepared.requested });
    if (instead instanceof GatewayError) {
      rules.push(rule(instead));
      continue;
    }
    const tried = await explainPlan(deps, caller, instead, nowMs);
    if (tried.denial === null) {
      rules.push(rule(), ...tried.rules);
      return { rules, servedBy: instead.group, refusal: null, estimatedNanoUsd: tried.estimatedNanoUsd };
    }
    rules.push(rule(toDenialError(tried.denial, denialContext(caller, nowMs))));
  }
  return { rules, servedBy: null, refusal: toDenialError(denial, denialContext(caller, nowMs)), estimatedNanoUsd };
}

/** One model's limits, and the first of them that does not let the call pass. */
async function explainPlan(
  deps: Deps,
  caller: Caller,
  { facts }: PreparedCall,
  nowMs: number,
): Promise<{ rules: ExplainedRule[]; denial: Denial | null; estimatedNanoUsd: number | null }> {
  const context = denialContext(caller, nowMs);
  const plan = planAdmission(facts, deps.settings, deps.calendar, nowMs);
  if ('denial' in plan) {
    const { denial } = plan;
    const rule = toRule('price', showOwner(denial.owner), toDenialError(denial, context));
    return { rules: [rule], denial, estimatedNanoUsd: null };
  }
  const states = await deps.counters.read(plan.charges, nowMs);
  let first: Denial | null = null;
  const rules = plan.charges.map((charge, index): ExplainedRule => {
    const state = states[index] as CounterState;
    const passed = state.used + state.held + charge.atLeast <= charge.ceiling;
    const denial: Denial = { kind: 'over_limit', shortage: { charge, ...state } };
    if (!passed) first ??= denial;
    return {
      rule: charge.limit,
      passed,
      owner: showOwner(charge.owner),
      model: charge.model ?? null,
      ...(charge.tag === undefined ? {} : { tag: charge.tag }),
      numbers: {
        ...state,
        unit: charge.unit,
        ceiling: charge.ceiling,
        wanted: charge.amount,
        atLeast: charge.atLeast,
        remaining: Math.max(0, charge.ceiling - state.used - state.held),
      },
      refusal: passed ? null : toDenialError(denial, context),
    };
  });
  return { rules, denial: first, estimatedNanoUsd: plan.estimatedNanoUsd };
}

function showOwner({ kind, id }: OwnerRef): string {
  return `${kind} ${id}`;
}
