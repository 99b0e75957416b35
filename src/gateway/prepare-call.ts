import type { AdmissionFacts } from '../core/admission.ts';
import { assertJsonLimits } from '../core/assert-json-limits.ts';
import type { Caller } from '../core/caller.ts';
import { dearestPrice } from '../core/dearest-price.ts';
import { refuseMissingParam } from '../core/enforced-params.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { isJsonObject } from '../core/json.ts';
import type { Deployment, ModelPrice } from '../core/model.ts';
import { selectDefaults } from '../core/request-defaults.ts';
import { type ModelIndex, upstreamModelFor } from '../core/routing.ts';
import { estimateTokens, widenEstimate } from '../core/token-estimate.ts';
import type { CallParties } from './find-parties.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { ParsedCall } from './parse-call.ts';
import { assertFallbacks, findModel, type ResolvedModel, resolveModel } from './resolve-model.ts';

/** A deployment that may serve the call, what it calls the model, what that costs there, and what it adds to the body. */
export interface Candidate {
  deployment: Deployment;
  upstreamModel: string;
  price: ModelPrice | null;
  /** The deployment's request defaults that this call leaves to it. */
  defaults: Readonly<Record<string, unknown>>;
}

/** Where a call may go and what it would use, before anything is taken. */
export interface PreparedCall {
  /** As it was asked for, or what the end user or the key gets instead. */
  requested: string;
  /** Set where this is one of the key's `budget_fallbacks`: the model that was asked for. */
  insteadOf: string | null;
  /** The name after the aliases of key and team. */
  model: string;
  group: string;
  candidates: readonly Candidate[];
  facts: AdmissionFacts;
}

type Deps = Pick<GatewayDeps, 'models' | 'priceOf' | 'settings'>;
type Asking = Pick<Caller, 'key' | 'path'>;
type Parties = Pick<CallParties, 'owners' | 'customer' | 'tags' | 'clientTags'>;

/**
 * Requested model → the deployments that may serve it for this caller, and the facts that admission needs.
 *
 * @throws GatewayError what `resolveModel` throws, authentication (401) where an end user has to be named and is not,
 *   bad_request (400) where one of the `enforced_params` is missing, and for metadata that no bill could hold, or tags that
 *   clients may not set
 */
export function prepareCall(deps: Deps, caller: Asking, parsed: ParsedCall, parties: Parties): PreparedCall {
  const missing = refuseMissingParam(deps.settings.enforcedParams, caller, parsed);
  if (missing !== undefined) throw missing;
  assertBody(deps, parsed.body, parties);
  const resolved = resolveModel(deps.models, caller, parties.customer, parsed);
  assertFallbacks(deps.models, caller, parties.customer, parsed.body);
  return prepareFor(deps, resolved, parsed, parties, null);
}

/** The same call with another model in place of the one that it asks for; the refusal where that cannot serve it. */
export function prepareInstead(
  deps: Deps,
  caller: Asking,
  parsed: ParsedCall,
  parties: Parties,
  { model, insteadOf }: { model: string; insteadOf: string },
): PreparedCall | GatewayError {
  const resolved = findModel(deps.models, caller, parties.customer, parsed.operation, model);
  return resolved instanceof GatewayError ? resolved : prepareFor(deps, resolved, parsed, parties, insteadOf);
}

function prepareFor(
  deps: Deps,
  resolved: ResolvedModel,
  parsed: ParsedCall,
  parties: Parties,
  insteadOf: string | null,
): PreparedCall {
  const candidates: Candidate[] = [];
  let maxOutputTokens: number | null = 0;
  for (const deployment of resolved.deployments) {
    const upstreamModel = upstreamModelFor(deployment, resolved.wildcardMatch);
    const known = deps.priceOf(deployment, upstreamModel);
    const defaults = selectDefaults(parsed.operation, parsed.body, deployment.requestDefaults);
    candidates.push({ deployment, upstreamModel, price: known.price, defaults });
    maxOutputTokens =
      maxOutputTokens === null || known.maxOutputTokens === null
        ? null
        : Math.max(maxOutputTokens, known.maxOutputTokens);
  }
  const estimate = estimateTokens(parsed.operation, parsed.body, parsed.raw.length, deps.settings.tokensPerImage);
  const defaults = candidates.map((candidate) => candidate.defaults);
  const { requested, model, group } = resolved;
  return {
    requested,
    insteadOf,
    model,
    group,
    candidates,
    facts: {
      owners: parties.owners,
      model,
      otherNames: otherNamesOf(deps.models, resolved),
      tags: parties.tags,
      estimate: widenEstimate(estimate, parsed.operation, parsed.body, defaults),
      price: dearestPrice(candidates.map((candidate) => candidate.price)),
      maxOutputTokens,
    },
  };
}

function assertBody({ settings }: Deps, { user, metadata }: ParsedCall['body'], { clientTags }: Parties): void {
  if (settings.enforceUserParam && typeof user !== 'string' && typeof user !== 'number') {
    throw new GatewayError(
      'authentication',
      "Authentication Error, 'user' param not passed in. 'enforce_user_param'=True",
      { param: 'user' },
    );
  }
  if (settings.rejectClientTags && clientTags !== null) {
    throw new GatewayError(
      'bad_request',
      `Client-side tags are not allowed: '${clientTags}' is set, and 'reject_clientside_metadata_tags' is on. Calls are tagged by ` +
        'the tags of their key and its team; leave it out.',
      { param: clientTags },
    );
  }
  // Goes into the call's bill, which has to be writable once the call has been answered.
  if (isJsonObject(metadata) && metadata.spend_logs_metadata) {
    assertJsonLimits(metadata.spend_logs_metadata, 'metadata.spend_logs_metadata');
  }
}

const NO_NAMES: readonly string[] = [];

/**
 * Under which other names limits may know the model: the target of the proxy's alias, and the group that answers. What a
 * wildcard matches goes by its name with and without the provider, or one would be the way around a limit of the other.
 */
function otherNamesOf(models: ModelIndex, resolved: ResolvedModel): readonly string[] {
  const { model, group, wildcardMatch, spelling } = resolved;
  const target = models.aliasTargetOf(model);
  if (wildcardMatch === null) {
    if (target === model) return group === model ? NO_NAMES : [group];
    return group === target ? [target] : [target, group];
  }
  const names = new Set([target, group, spelling]);
  const bare = spelling.slice(spelling.indexOf('/') + 1);
  if (models.resolve(bare)?.spelling === spelling) names.add(bare);
  names.delete(model);
  return [...names];
}
