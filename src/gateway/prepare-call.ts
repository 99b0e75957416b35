import type { AdmissionFacts } from '../core/admission.ts';
import { assertJsonLimits } from '../core/assert-json-limits.ts';
import type { Caller } from '../core/caller.ts';
import { dearestPrice } from '../core/dearest-price.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { isJsonObject } from '../core/json.ts';
import type { Deployment, ModelPrice } from '../core/model.ts';
import { denyModelAccess } from '../core/model-access.ts';
import { selectDefaults } from '../core/request-defaults.ts';
import { type ModelIndex, upstreamModelFor } from '../core/routing.ts';
import { estimateTokens, widenEstimate } from '../core/token-estimate.ts';
import type { CallParties } from './find-parties.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { mayCallModel } from './may-call-model.ts';
import type { ParsedCall } from './parse-call.ts';

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
  /** The requested name after the key's own aliases. */
  model: string;
  group: string;
  candidates: readonly Candidate[];
  facts: AdmissionFacts;
}

/**
 * Requested model → the deployments that may serve it for this caller, and the facts that admission needs.
 * Access is decided before existence, so that a refused caller does not learn which models there are. Models that the
 * client names as fallbacks count as asked for.
 *
 * @throws GatewayError key_model_access (403), invalid_request (400) for a name that no deployment carries or too many
 *   fallbacks, bad_request (400) for metadata that no bill could hold, model_unavailable (503) when none of them can serve
 */
export function prepareCall(
  deps: Pick<GatewayDeps, 'models' | 'priceOf' | 'settings'>,
  caller: Caller,
  parsed: ParsedCall,
  parties: Pick<CallParties, 'owners'>,
): PreparedCall {
  if (deps.settings.enforceUserParam && typeof parsed.body.user !== 'string') {
    throw new GatewayError(
      'authentication',
      "Authentication Error, 'user' param not passed in. 'enforce_user_param'=True",
      {
        param: 'user',
      },
    );
  }
  const { metadata } = parsed.body;
  // Goes into the call's bill, which has to be writable once the call has been answered.
  if (isJsonObject(metadata) && metadata.spend_logs_metadata) {
    assertJsonLimits(metadata.spend_logs_metadata, 'metadata.spend_logs_metadata');
  }
  const model = resolveModelName(deps.models, caller, parsed.model);
  if (parsed.body.fallbacks)
    for (const name of fallbackNames(parsed.body.fallbacks)) resolveModelName(deps.models, caller, name);
  const route = deps.models.resolve(model);
  if (route === undefined) {
    throw new GatewayError(
      'invalid_request',
      `${ROUTES[parsed.operation]}: Invalid model name passed in model=${parsed.model}. Call \`/v1/models\` to view available models for your key.`,
      { param: 'model' },
    );
  }
  const candidates: Candidate[] = [];
  let maxOutputTokens: number | null = 0;
  for (const deployment of route.deployments) {
    if (deployment.unavailable !== null) continue;
    const upstreamModel = upstreamModelFor(deployment, route.wildcardMatch);
    const known = deps.priceOf(deployment, upstreamModel);
    const defaults = selectDefaults(parsed.operation, parsed.body, deployment.requestDefaults);
    candidates.push({ deployment, upstreamModel, price: known.price, defaults });
    maxOutputTokens =
      maxOutputTokens === null || known.maxOutputTokens === null
        ? null
        : Math.max(maxOutputTokens, known.maxOutputTokens);
  }
  if (candidates.length === 0) {
    throw new GatewayError(
      'model_unavailable',
      `No deployment of ${parsed.model} can serve: ${route.deployments[0]?.unavailable ?? 'none is configured.'}`,
      { param: 'model' },
    );
  }
  const estimate = estimateTokens(parsed.operation, parsed.body, parsed.raw.length, deps.settings.tokensPerImage);
  const defaults = candidates.map((candidate) => candidate.defaults);
  return {
    model,
    group: route.group,
    candidates,
    facts: {
      owners: parties.owners,
      model,
      otherNames: otherNamesOf(deps.models, model, route.group),
      estimate: widenEstimate(estimate, parsed.operation, parsed.body, defaults),
      price: dearestPrice(candidates.map((candidate) => candidate.price)),
      maxOutputTokens,
    },
  };
}

const NO_NAMES: readonly string[] = [];
/** More than anybody waits for; each name is held against the key's list. */
const MAX_FALLBACKS = 100;

/** Every model that `fallbacks` names, in the forms that LiteLLM reads: `name`, `{model: name}`, `{name: [name, …]}`. */
function fallbackNames(fallbacks: unknown): string[] {
  const entries = Array.isArray(fallbacks) ? fallbacks : [fallbacks];
  const names = entries.flatMap((entry) => {
    if (!isJsonObject(entry)) return [entry];
    return typeof entry.model === 'string' ? [entry.model] : Object.values(entry).flat();
  });
  if (names.length > MAX_FALLBACKS) {
    throw new GatewayError('invalid_request', `'fallbacks' cannot name more than ${MAX_FALLBACKS} models.`, {
      param: 'fallbacks',
    });
  }
  return names.filter((name) => typeof name === 'string');
}

/** Under which other names limits may know the model: the target of the proxy's alias, and the group that answers. */
function otherNamesOf(models: ModelIndex, model: string, group: string): readonly string[] {
  const target = models.aliasTargetOf(model);
  if (target === model) return group === model ? NO_NAMES : [group];
  return group === target ? [target] : [target, group];
}

const ROUTES = { chat: '/chat/completions', completion: '/completions', embedding: '/embeddings' } as const;

/**
 * Applies the key's aliases and checks its model list: the name asked for, what the key's alias makes of it and what
 * the proxy's alias makes of that are each good enough. @throws GatewayError key_model_access (403)
 */
function resolveModelName(models: ModelIndex, { key }: Caller, requested: string): string {
  if (key === null) return requested;
  const aliased = Object.hasOwn(key.aliases, requested) ? (key.aliases[requested] as string) : requested;
  if (!mayCallModel(models, key, requested) && (aliased === requested || !mayCallModel(models, key, aliased))) {
    throw denyModelAccess('key', key.models, requested);
  }
  return aliased;
}
