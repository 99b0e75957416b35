/** `model_list` → deployments, ready to be called or with the reason why they cannot be. */
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Deployment } from '../core/model.ts';
import type { ConfigWarning } from './config.ts';
import type { ConfigPlace, Report } from './config-problem.ts';
import { type ConfigNode, findNode, formatPath, locate, toPlain } from './config-tree.ts';
import { nameDeployment } from './deployment-id.ts';
import { findVariable } from './env.ts';
import { httpUrl } from './fields.ts';
import { identifyProvider, type ProviderChoice } from './identify-provider.ts';
import { hasPrice, mergePrices, toModelPrice } from './model-price.ts';
import type { LitellmParams, ModelEntry } from './model-settings.ts';
import { PROVIDERS, type ProviderDefaults } from './provider-defaults.ts';
import { toRequestDefaults } from './request-fields.ts';
import { variableName } from './resolve-variables.ts';

export interface DeploymentSources {
  /** The whole file, variables filled in. */
  root: ConfigNode;
  variables: Readonly<Record<string, string>>;
}

/** In the order of the file. Contradictions go to `report`; what merely cannot serve goes to the warnings. */
export function buildDeployments(
  entries: readonly { index: number; entry: ModelEntry }[],
  sources: DeploymentSources,
  report: Report,
): { deployments: Deployment[]; warnings: ConfigWarning[] } {
  const ids = new Set<string>();
  const unsupported = new Map<string, ConfigPlace[]>();
  const unpriced: ConfigPlace[] = [];
  const place = (...path: PropertyKey[]): ConfigPlace => ({
    path: formatPath(['model_list', ...path]),
    at: locate(sources.root, ['model_list', ...path]),
  });

  // Names that the file gives come first, so that no made-up one takes their place.
  for (const { index, entry } of entries) {
    const id = entry.model_info?.id;
    if (id == null) continue;
    if (ids.has(id)) report({ ...place(index, 'model_info', 'id'), message: 'another deployment has this id already' });
    ids.add(id);
  }

  const deployments = entries.map(({ index, entry }): Deployment => {
    const params = entry.litellm_params;
    const info = entry.model_info;
    const node = (...path: PropertyKey[]) => findNode(sources.root, ['model_list', index, ...path]);
    const choice = identifyProvider(params.model, params.custom_llm_provider);
    const mock = params.mock_response !== null;
    const at = place(index, 'litellm_params', params.custom_llm_provider === null ? 'model' : 'custom_llm_provider');

    if (choice.kind === 'unknown' && !mock) report({ ...at, message: describeUnknownProvider(choice) });
    if (choice.kind === 'unsupported' && !mock) {
      unsupported.set(choice.provider, [...(unsupported.get(choice.provider) ?? []), at]);
    }
    if (choice.upstreamModel.includes('*') && !entry.model_name.includes('*')) {
      report({ ...at, message: '`*` stands for what `*` in model_name matches, and there is none' });
    }

    const prices = mergePrices(params, info);
    const price = toModelPrice(prices);
    if ((hasPrice(prices) && price === undefined) || lacksOutputPrice(prices, info?.mode ?? null)) {
      unpriced.push(place(index, 'litellm_params'));
    }

    const written = plainMap(node('litellm_params'));
    const connection = connect(params, choice, sources.variables, (name) => reference(node('litellm_params', name)));
    return {
      id: info?.id ?? nameDeployment(entry.model_name, written, ids),
      modelName: entry.model_name,
      provider: choice.kind === 'unknown' ? 'openai' : choice.provider,
      upstreamModel: choice.upstreamModel,
      ...connection,
      organization: params.organization,
      region: params.region_name,
      extraHeaders: params.extra_headers ?? {},
      requestDefaults: toRequestDefaults(params),
      mockResponse: params.mock_response as Deployment['mockResponse'],
      timeoutMs: params.timeout,
      streamTimeoutMs: params.stream_timeout,
      maxRetries: params.max_retries ?? params.num_retries,
      weight: params.weight ?? 1,
      rpm: params.rpm,
      tpm: params.tpm,
      maxParallelRequests: null,
      tags: params.tags ?? [],
      accessGroups: info?.access_groups ?? [],
      price,
      baseModel: info?.base_model ?? null,
      maxOutputTokens: info?.max_output_tokens ?? info?.max_tokens ?? null,
      mode: info?.mode ?? null,
      info: plainMap(node('model_info')),
      unavailable: mock ? null : connection.unavailable,
    };
  });
  return { deployments, warnings: [...providerWarnings(unsupported), ...priceWarnings(unpriced)] };
}

type Connection = Pick<Deployment, 'apiBase' | 'apiKey' | 'apiVersion' | 'unavailable'>;

/** Address and key: what the file says, else what the provider's customary variables say, else the provider's own. */
function connect(
  params: LitellmParams,
  choice: ProviderChoice,
  variables: Readonly<Record<string, string>>,
  referenceOf: (name: string) => string | undefined,
): Connection {
  const given = params.api_base ?? params.base_url;
  const apiVersion =
    params.api_version ?? (choice.provider === 'azure' ? (findVariable(variables, 'AZURE_API_VERSION') ?? null) : null);
  const connection: Connection = { apiBase: given, apiKey: params.api_key, apiVersion, unavailable: null };
  if (choice.upstreamModel === '')
    return { ...connection, unavailable: 'The name of the upstream model is not configured.' };
  if (choice.kind === 'unsupported') {
    return { ...connection, unavailable: `Provider ${choice.provider} is not supported yet by the gateway.` };
  }
  const defaults = PROVIDERS[choice.provider] ?? (PROVIDERS.openai as ProviderDefaults);
  const missingKey = variableName(referenceOf('api_key'));
  const missingBase = variableName(referenceOf('api_base') ?? referenceOf('base_url'));

  const customary = httpUrl.safeParse(firstVariable(defaults.baseVariables, variables)).data ?? null;
  const apiBase = withPath(given ?? customary ?? defaults.apiBase, defaults.barePath);
  const apiKey = params.api_key ?? (missingKey === undefined ? firstVariable(defaults.keyVariables, variables) : null);
  let unavailable: string | null = null;
  // A named address that is not there is never replaced by another: the call, and the key with it, would go elsewhere.
  if (given === null && missingBase !== undefined) unavailable = describeMissing(missingBase);
  else if (apiBase === null) unavailable = describeMissingBase(defaults);
  else if (apiKey === null && defaults.needsKey && (defaults.apiBase === null || apiBase === defaults.apiBase)) {
    const name = missingKey ?? defaults.keyVariables[0];
    unavailable = name === undefined ? 'No api_key is configured for this model.' : describeMissing(name);
  }
  return { apiBase, apiKey, apiVersion, unavailable };
}

function firstVariable(names: readonly string[], variables: Readonly<Record<string, string>>): string | null {
  for (const name of names) {
    const value = findVariable(variables, name);
    if (value !== undefined) return value;
  }
  return null;
}

function withPath(base: string | null, barePath: string | undefined): string | null {
  if (base === null || barePath === undefined || !URL.canParse(base)) return base;
  const trimmed = base.replace(/\/+$/, '');
  return new URL(base).pathname === '/' ? trimmed + barePath : trimmed;
}

function describeMissing(variable: string): string {
  return `The environment variable ${variable} is not set on the gateway.`;
}

function describeMissingBase(defaults: ProviderDefaults): string {
  const [variable] = defaults.baseVariables;
  return variable === undefined ? 'No api_base is configured for this model.' : describeMissing(variable);
}

function describeUnknownProvider(choice: { provider: string; nearest: string | undefined }): string {
  if (choice.nearest !== undefined)
    return `unknown provider \`${choice.provider}\`, did you mean \`${choice.nearest}\`?`;
  return `unknown provider \`${choice.provider}\`; for an OpenAI-compatible server write openai/ before the model and give api_base`;
}

/** The reference as written, where the variable behind it is not set. */
function reference(node: ConfigNode | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value === null ? node.reference : undefined;
}

function plainMap(node: ConfigNode | undefined): JsonObject {
  const plain = node === undefined ? {} : toPlain(node, true);
  return isJsonObject(plain) ? plain : {};
}

/** A price for what goes in and none for what comes out is rarely meant, except where nothing comes out. */
function lacksOutputPrice(prices: ReturnType<typeof mergePrices>, mode: string | null): boolean {
  const free = prices.input_cost_per_token === null || prices.input_cost_per_token === 0;
  return !free && prices.output_cost_per_token === null && mode !== 'embedding';
}

function priceWarnings(places: readonly ConfigPlace[]): ConfigWarning[] {
  if (places.length === 0) return [];
  const message =
    'These prices are incomplete: a price per input and per output token belong together (0 where there is none); ' +
    'what is missing beside one of them counts as 0, and without both the price library is asked.';
  return [{ code: 'incomplete_price', message, places }];
}

function providerWarnings(places: ReadonlyMap<string, readonly ConfigPlace[]>): ConfigWarning[] {
  if (places.size === 0) return [];
  const names = [...places.keys()].sort().join(', ');
  const message = `These providers are not supported yet, so models that use them cannot be called: ${names}.`;
  return [{ code: 'unsupported_provider', message, places: [...places.values()].flat() }];
}
