import type { Caller } from '../core/caller.ts';
import { refuseModel, resolveAliases } from '../core/caller-models.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { isJsonObject } from '../core/json.ts';
import type { Deployment } from '../core/model.ts';
import type { EndUserRecord } from '../core/owner-records.ts';
import { isInRegion } from '../core/region.ts';
import type { ModelIndex } from '../core/routing.ts';
import { namesNoModel, type ParsedCall } from './parse-call.ts';

/** Where a call goes by its model's name. */
export interface ResolvedModel {
  /** As it was asked for, or the end user's `default_model`. */
  requested: string;
  /** After the aliases of key and team. */
  model: string;
  group: string;
  wildcardMatch: string | null;
  /** The name as the group matched it, with its provider. */
  spelling: string;
  /** Those that can serve, in the region that the end user is bound to. */
  deployments: readonly Deployment[];
}

type Asking = Pick<Caller, 'key' | 'path'>;

/**
 * Access is decided before existence, so that a refused caller does not learn which models there are. What an end user
 * cannot be served with gives way to its `default_model`, if that can be.
 *
 * @throws GatewayError `*_model_access` (403), invalid_request (400) for a name that no deployment carries, or none in the
 *   end user's region, model_unavailable (503) when none of them can serve
 */
export function resolveModel(
  models: ModelIndex,
  caller: Asking,
  customer: EndUserRecord | null,
  { operation, model: requested }: ParsedCall,
): ResolvedModel {
  const fallback = customer?.defaultModel ?? null;
  const name = requested ?? fallback;
  if (name === null) throw namesNoModel();
  const found = findModel(models, caller, customer, operation, name);
  if (!(found instanceof GatewayError)) return found;
  if (fallback !== null && fallback !== name && found.code !== 'model_unavailable') {
    const instead = findModel(models, caller, customer, operation, fallback);
    if (!(instead instanceof GatewayError)) return instead;
  }
  throw found;
}

/** Models that a client names as fallbacks count as asked for. @throws GatewayError `*_model_access` (403) */
export function assertFallbacks(
  models: ModelIndex,
  caller: Asking,
  customer: EndUserRecord | null,
  fallbacks: unknown,
): void {
  if (!fallbacks) return;
  const asking = onBehalfOf(caller, customer);
  for (const name of fallbackNames(fallbacks)) {
    const refusal = refuseModel(models, asking, name);
    if (refusal !== undefined) throw refusal;
  }
}

/** Hardly any customer has a list of its own. */
function onBehalfOf(caller: Asking, customer: EndUserRecord | null): Asking & { customer?: EndUserRecord } {
  return customer === null || customer.models.length === 0 ? caller : { ...caller, customer };
}

const ROUTES = { chat: '/chat/completions', completion: '/completions', embedding: '/embeddings' } as const;

/** The same for this one name, as a value: nothing is called in its place. */
export function findModel(
  models: ModelIndex,
  caller: Asking,
  customer: EndUserRecord | null,
  operation: ParsedCall['operation'],
  requested: string,
): ResolvedModel | GatewayError {
  const refusal = refuseModel(models, onBehalfOf(caller, customer), requested);
  if (refusal !== undefined) return refusal;
  const model = resolveAliases(caller, requested);
  const route = models.resolve(model);
  if (route === undefined) {
    return new GatewayError(
      'invalid_request',
      `${ROUTES[operation]}: Invalid model name passed in model=${requested}. Call \`/v1/models\` to view available models for your key.`,
      { param: 'model' },
    );
  }
  const region = customer?.allowedModelRegion ?? null;
  const nearby =
    region === null ? route.deployments : route.deployments.filter((one) => isInRegion(one.region, region));
  if (nearby.length === 0) {
    return new GatewayError(
      'invalid_request',
      `No deployment of ${requested} serves from region ${region}, the only one allowed for end user ${customer?.id}.`,
      { param: 'model' },
    );
  }
  const deployments = nearby.filter(({ unavailable }) => unavailable === null);
  if (deployments.length === 0) {
    return new GatewayError(
      'model_unavailable',
      `No deployment of ${requested} can serve: ${nearby[0]?.unavailable ?? 'none is configured.'}`,
      { param: 'model' },
    );
  }
  const { group, wildcardMatch, spelling } = route;
  return { requested, model, group, wildcardMatch, spelling, deployments };
}

/** More than anybody waits for; each name is held against every list. */
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
