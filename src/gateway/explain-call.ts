import { planAdmission } from '../core/admission.ts';
import type { Standing } from '../core/call-path.ts';
import { toKeyCaller } from '../core/caller.ts';
import type { Charge, CounterState } from '../core/charge.ts';
import { type Denial, toDenialError } from '../core/denial.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { KeyRecord } from '../core/key.ts';
import { refuseKey } from '../core/key-standing.ts';
import { denyRoute, isRouteAllowed } from '../core/route-access.ts';
import { denialContext } from './admit-call.ts';
import { nameCall } from './call-names.ts';
import { findParties } from './find-parties.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { ParsedCall } from './parse-call.ts';
import { prepareCall } from './prepare-call.ts';

/** One rule on the way to an answer, in the order in which a live call meets them. */
export interface ExplainedRule {
  rule: 'key' | 'route' | 'model' | 'price' | Charge['limit'];
  passed: boolean;
  /** Who set it: `key key_…`; null for rules that belong to nobody. */
  owner: string | null;
  /** For limits: the ceiling, what is used and held now, and what this call would take. Money in nano-dollars. */
  numbers:
    | (CounterState & { unit: Charge['unit']; ceiling: number; wanted: number; atLeast: number; remaining: number })
    | null;
  /** The words of the refusal; null where it passed. */
  refusal: GatewayError | null;
}

export interface Explanation {
  allowed: boolean;
  /** The error that the live call would get. */
  refusal: GatewayError | null;
  rules: ExplainedRule[];
  estimatedNanoUsd: number | null;
}

/**
 * Tells what would happen to a call, without making it: the same functions that decide live calls, asked and not
 * enforced. Uses up nothing. After a rule that leaves nothing to look at (an unknown model, say) the list ends.
 */
export async function explainCall(
  deps: Pick<GatewayDeps, 'models' | 'priceOf' | 'settings' | 'calendar' | 'counters' | 'owners'>,
  key: KeyRecord,
  standing: Standing,
  parsed: ParsedCall,
  route: string,
  nowMs: number,
): Promise<Explanation> {
  const caller = toKeyCaller(key, key.hash, key.expiresAtMs, standing);
  const rules: ExplainedRule[] = [
    toRule('key', key, refuseKey(key, { hash: key.hash, revokedAtMs: null }, nowMs)),
    toRule(
      'route',
      key,
      isRouteAllowed(key.allowedRoutes, route, 'llm') ? undefined : denyRoute(key.allowedRoutes, route),
    ),
  ];
  const parties = await findParties(deps, caller, nameCall(caller, NO_HEADERS, parsed.body));
  const prepared = attempt(() => prepareCall(deps, caller, parsed, parties));
  if (prepared instanceof GatewayError) return conclude([...rules, toRule('model', key, prepared)], null);
  rules.push(toRule('model', key, undefined));

  const plan = planAdmission(prepared.facts, deps.settings, deps.calendar, nowMs);
  if ('denial' in plan) {
    return conclude([...rules, toRule('price', key, toDenialError(plan.denial, denialContext(caller, nowMs)))], null);
  }
  const states = await deps.counters.read(plan.charges, nowMs);
  plan.charges.forEach((charge, index) => {
    const state = states[index] as CounterState;
    const passed = state.used + state.held + charge.atLeast <= charge.ceiling;
    const denial: Denial = { kind: 'over_limit', shortage: { charge, ...state } };
    rules.push({
      rule: charge.limit,
      passed,
      owner: `${charge.owner.kind} ${charge.owner.id}`,
      numbers: {
        ...state,
        unit: charge.unit,
        ceiling: charge.ceiling,
        wanted: charge.amount,
        atLeast: charge.atLeast,
        remaining: Math.max(0, charge.ceiling - state.used - state.held),
      },
      refusal: passed ? null : toDenialError(denial, denialContext(caller, nowMs)),
    });
  });
  return conclude(rules, plan.estimatedNanoUsd);
}

/** What the headers of a call would say stands in the question's body. */
const NO_HEADERS = { endUserHeader: null, tagsHeader: null };

function toRule(rule: ExplainedRule['rule'], key: KeyRecord, refusal: GatewayError | undefined): ExplainedRule {
  return { rule, passed: refusal === undefined, owner: `key ${key.keyId}`, numbers: null, refusal: refusal ?? null };
}

function conclude(rules: ExplainedRule[], estimatedNanoUsd: number | null): Explanation {
  const refusal = rules.find((rule) => !rule.passed)?.refusal ?? null;
  return { allowed: refusal === null, refusal, rules, estimatedNanoUsd };
}

/** A refusal is an answer here. */
function attempt<T>(act: () => T): T | GatewayError {
  try {
    return act();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}
