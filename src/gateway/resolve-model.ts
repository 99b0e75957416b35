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
  body: Readonly<Record<string, unknown>>,
): void {
  const names = fallbackNames(body);
  if (names.length === 0) return;
  const asking = onBehalfOf(caller, customer);
  for (const name of names) {
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
const MAX_DEPTH = 16;
const FALLBACK_FIELDS = ['fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks'] as const;
const NO_NAMES: readonly string[] = Object.freeze([]);

/** Every model that the body names as a fallback, whatever for. */
function fallbackNames(body: Readonly<Record<string, unknown>>): readonly string[] {
  const { router_settings_override: override } = body;
  const places = isJsonObject(override) ? [body, override] : [body];
  let names: readonly string[] = NO_NAMES;
  for (const place of places) {
    for (const field of FALLBACK_FIELDS) {
      if (place[field]) names = [...names, ...namesIn(place[field], field, MAX_DEPTH)];
      if (names.length > MAX_FALLBACKS) throw unreadable(field, `cannot name more than ${MAX_FALLBACKS} models.`);
    }
  }
  return names;
}

/** In the forms that LiteLLM reads: `name`, `{model: name, fallbacks: […]}`, `{name: [name, …]}`, and lists of them. */
function namesIn(value: unknown, field: string, depth: number): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (depth === 0) throw unreadable(field, 'is nested too deeply.');
  if (Array.isArray(value)) return value.flatMap((inner) => namesIn(inner, field, depth - 1));
  const entry = value as Record<string, unknown>;
  if (typeof entry.model !== 'string') return namesIn(Object.values(entry), field, depth - 1);
  const further = FALLBACK_FIELDS.flatMap((name) => (entry[name] ? namesIn(entry[name], name, depth - 1) : []));
  return [entry.model, ...further];
}

function unreadable(param: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `'${param}' ${what}`, { param });
}
