import type { Standing } from '../core/call-path.ts';
import { type Caller, toKeyCaller } from '../core/caller.ts';
import { type Asking, checkModel } from '../core/caller-models.ts';
import { checkEnforcedParams } from '../core/enforced-params.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { KeyRecord } from '../core/key.ts';
import { denyAddress, denyEverybody, mayCallFrom } from '../core/key-addresses.ts';
import { refuseKey } from '../core/key-standing.ts';
import { PATH_KINDS, refuseOwner, type StandingKind } from '../core/owner-standing.ts';
import { denyRoute, isRouteAllowed } from '../core/route-access.ts';
import type { ModelIndex } from '../core/routing.ts';
import { nameCall } from './call-names.ts';
import { explainLimits } from './explain-limits.ts';
import { type ExplainedRule, toRule } from './explained-rule.ts';
import { findParties } from './find-parties.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { ParsedCall } from './parse-call.ts';
import { type PreparedCall, prepareCall } from './prepare-call.ts';

export interface Explanation {
  allowed: boolean;
  /** The error that the live call would get. */
  refusal: GatewayError | null;
  rules: ExplainedRule[];
  /** The model group that would serve the call, which may be one of the key's `budget_fallbacks`; null: refused. */
  servedBy: string | null;
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
  /** `general_settings.allowed_ips`; null: everybody. */
  isIpAllowed: ((ip: string) => boolean) | null;
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
    ...explainAddress(deps, question),
    toRule('key', `key ${key.keyId}`, refuseKey(key, { hash: key.hash, revokedAtMs: null }, nowMs)),
    ...PATH_KINDS.flatMap((kind) => explainStanding(kind, standing.path[kind])),
    ...explainDoor(deps, caller, question),
  ];
  const parties = await findParties(deps, caller, nameCall(caller, NO_HEADERS, parsed.body));
  rules.push(...explainStanding('end_user', parties.customer));
  const enforced = checkEnforcedParams(deps.settings.enforcedParams, caller, parsed);
  rules.push(...enforced.map(({ owner, refusal }) => toRule('enforced_params', owner, refusal)));
  const prepared = attempt(() => prepareCall(deps, caller, parsed, parties));
  rules.push(...explainModel(deps.models, { ...caller, customer: parties.customer }, parsed, prepared, rules));
  const refused = rules.find((rule) => !rule.passed)?.refusal ?? null;
  if (prepared instanceof GatewayError) {
    return { allowed: false, refusal: refused ?? prepared, rules, servedBy: null, estimatedNanoUsd: null };
  }
  const limits = await explainLimits(deps, { caller, parsed, parties }, prepared, nowMs);
  const refusal = refused ?? limits.refusal;
  return {
    allowed: refusal === null,
    refusal,
    rules: [...rules, ...limits.rules],
    servedBy: refusal === null ? limits.servedBy : null,
    estimatedNanoUsd: limits.estimatedNanoUsd,
  };
}

/** What the headers of a call would say stands in the question's body. */
const NO_HEADERS = { endUserHeader: null, tagsHeader: null };

/** Whether anybody may call from there: what a live call is asked first. */
function explainAddress({ isIpAllowed }: Deps, { ip }: CallQuestion): ExplainedRule[] {
  if (ip === null || isIpAllowed === null) return [];
  return [toRule('allowed_ips', null, isIpAllowed(ip) ? undefined : denyEverybody())];
}

/** From where this key may, and on which route. */
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
  caller: Asking,
  { model }: ParsedCall,
  prepared: PreparedCall | GatewayError,
  told: readonly ExplainedRule[],
): ExplainedRule[] {
  const name = prepared instanceof GatewayError ? model : prepared.requested;
  const checks = name === null ? [] : checkModel(models, caller, name);
  const rules = checks.map(({ level, ownerId, refusal }) => toRule('model', `${level} ${ownerId}`, refusal));
  if (!(prepared instanceof GatewayError)) return rules;
  if ([...told, ...rules].some(({ refusal }) => refusal?.message === prepared.message)) return rules;
  const rest = toRule('model', null, prepared);
  return rules.every(({ passed }) => passed) ? [...rules, rest] : [rest, ...rules];
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
