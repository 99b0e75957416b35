import { planAdmission } from '../core/admission.ts';
import type { Standing } from '../core/call-path.ts';
import { type Caller, toKeyCaller } from '../core/caller.ts';
import { checkModel } from '../core/caller-models.ts';
import type { Charge, CounterState } from '../core/charge.ts';
import { type Denial, toDenialError } from '../core/denial.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { KeyRecord } from '../core/key.ts';
import { denyAddress, mayCallFrom } from '../core/key-addresses.ts';
import { refuseKey } from '../core/key-standing.ts';
import type { OwnerRef } from '../core/owner.ts';
import { PATH_KINDS, refuseOwner, type StandingKind } from '../core/owner-standing.ts';
import { denyRoute, isRouteAllowed } from '../core/route-access.ts';
import type { ModelIndex } from '../core/routing.ts';
import { denialContext } from './admit-call.ts';
import { nameCall } from './call-names.ts';
import { findParties } from './find-parties.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { ParsedCall } from './parse-call.ts';
import { type PreparedCall, prepareCall } from './prepare-call.ts';

/** One rule on the way to an answer, in the order in which a live call meets them. */
export interface ExplainedRule {
  rule: 'key' | 'allowed_ips' | 'route' | StandingKind | 'model' | 'price' | Charge['limit'];
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

/** What is asked: this call, of this key, from there. */
export interface CallQuestion {
  key: KeyRecord;
  standing: Standing;
  parsed: ParsedCall;
  route: string;
  /** Null: the answer is to hold for calls from wherever the key may call. */
  ip: string | null;
}

type Deps = Pick<GatewayDeps, 'models' | 'priceOf' | 'settings' | 'calendar' | 'counters' | 'owners'> & {
  /** Whether the caller's role may make model calls. */
  refuseRole(caller: Caller, route: string): GatewayError | undefined;
};

/**
 * Tells what would happen to a call, without making it: the same functions that decide live calls, asked and not
 * enforced. Uses up nothing. After a rule that leaves nothing to look at (an unknown model, say) the list ends.
 */
export async function explainCall(deps: Deps, question: CallQuestion, nowMs: number): Promise<Explanation> {
  const { key, standing, parsed } = question;
  const caller = toKeyCaller(key, key.hash, key.expiresAtMs, standing);
  const rules = [
    toRule('key', `key ${key.keyId}`, refuseKey(key, { hash: key.hash, revokedAtMs: null }, nowMs)),
    ...PATH_KINDS.flatMap((kind) => explainStanding(kind, standing.path[kind])),
    ...explainDoor(deps, caller, question),
  ];
  const parties = await findParties(deps, caller, nameCall(caller, NO_HEADERS, parsed.body));
  rules.push(...explainStanding('end_user', parties.customer));
  const prepared = attempt(() => prepareCall(deps, caller, parsed, parties));
  rules.push(...explainModel(deps.models, caller, parsed, prepared));
  if (prepared instanceof GatewayError) return conclude(rules, null);

  const plan = planAdmission(prepared.facts, deps.settings, deps.calendar, nowMs);
  if ('denial' in plan) {
    return conclude(
      [
        ...rules,
        toRule('price', showOwner(plan.denial.owner), toDenialError(plan.denial, denialContext(caller, nowMs))),
      ],
      null,
    );
  }
  const states = await deps.counters.read(plan.charges, nowMs);
  plan.charges.forEach((charge, index) => {
    const state = states[index] as CounterState;
    const passed = state.used + state.held + charge.atLeast <= charge.ceiling;
    const denial: Denial = { kind: 'over_limit', shortage: { charge, ...state } };
    rules.push({
      rule: charge.limit,
      passed,
      owner: showOwner(charge.owner),
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

/** From where, and on which route. */
function explainDoor(deps: Deps, caller: Caller, { key, route, ip }: CallQuestion): ExplainedRule[] {
  const owner = `key ${key.keyId}`;
  const rules: ExplainedRule[] = [];
  if (ip !== null) rules.push(toRule('allowed_ips', owner, mayCallFrom(key, ip) ? undefined : denyAddress(ip)));
  const mayCall = isRouteAllowed(key.allowedRoutes, route, 'llm');
  rules.push(toRule('route', owner, mayCall ? deps.refuseRole(caller, route) : denyRoute(key.allowedRoutes, route)));
  return rules;
}

function explainStanding(kind: StandingKind, owner: { id: string; blocked: boolean } | null): ExplainedRule[] {
  return owner === null ? [] : [toRule(kind, `${kind} ${owner.id}`, refuseOwner(kind, owner))];
}

/** Each list on the path, and whatever else keeps the call from going anywhere. */
function explainModel(
  models: ModelIndex,
  caller: Caller,
  { model }: ParsedCall,
  prepared: PreparedCall | GatewayError,
): ExplainedRule[] {
  const name = prepared instanceof GatewayError ? model : prepared.requested;
  const checks = name === null ? [] : checkModel(models, caller, name);
  const rules = checks.map(({ level, ownerId, refusal }) => toRule('model', `${level} ${ownerId}`, refusal));
  if (!(prepared instanceof GatewayError) || rules.some(({ refusal }) => refusal?.message === prepared.message)) {
    return rules;
  }
  const rest = toRule('model', null, prepared);
  return rules.every(({ passed }) => passed) ? [...rules, rest] : [rest, ...rules];
}

function showOwner({ kind, id }: OwnerRef): string {
  return `${kind} ${id}`;
}

function toRule(rule: ExplainedRule['rule'], owner: string | null, refusal: GatewayError | undefined): ExplainedRule {
  return { rule, passed: refusal === undefined, owner, numbers: null, refusal: refusal ?? null };
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
