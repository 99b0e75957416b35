/** Deployments as clients may see them: nothing in here can hold a credential. */
import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import type { Deployment, ModelPrice } from '../../core/model.ts';

/** The members of a deployment that are shown; its keys and headers are not among them. */
export type DeploymentView = Pick<
  Deployment,
  | 'id'
  | 'modelName'
  | 'provider'
  | 'upstreamModel'
  | 'apiBase'
  | 'apiVersion'
  | 'region'
  | 'timeoutMs'
  | 'maxRetries'
  | 'rpm'
  | 'tpm'
  | 'maxParallelRequests'
  | 'tags'
  | 'accessGroups'
  | 'maxOutputTokens'
  | 'requestDefaults'
  | 'mode'
  | 'info'
  | 'unavailable'
> & {
  /** The price in force, from the configuration or the price library; null: none is known. */
  price: ModelPrice | null;
  /** The price is the operator's own. */
  isPriced: boolean;
};

const Price = z.number().nullable();

export const ModelInfoList = z.object({
  data: z.array(
    z.object({
      model_name: z.string(),
      litellm_params: z.looseObject({ model: z.string(), api_base: z.string().nullable() }),
      model_info: z.looseObject({
        id: z.string(),
        db_model: z.boolean(),
        input_cost_per_token: Price,
        output_cost_per_token: Price,
      }),
    }),
  ),
});

export const ModelInfoPage = ModelInfoList.extend({
  total_count: z.number(),
  current_page: z.number(),
  total_pages: z.number(),
  size: z.number(),
});

export const ModelGroupList = z.object({
  data: z.array(
    z.object({
      model_group: z.string(),
      providers: z.array(z.string()),
      mode: z.string().nullable(),
      max_output_tokens: z.number().nullable(),
      input_cost_per_token: Price,
      output_cost_per_token: Price,
      rpm: z.number().nullable(),
      tpm: z.number().nullable(),
    }),
  ),
});

export function fromDeployment(deployment: DeploymentView): z.output<typeof ModelInfoList>['data'][number] {
  const { timeoutMs } = deployment;
  return {
    model_name: deployment.modelName,
    litellm_params: {
      ...shownDefaults(deployment.requestDefaults),
      model: `${deployment.provider}/${deployment.upstreamModel}`,
      custom_llm_provider: deployment.provider,
      api_base: toPublicAddress(deployment.apiBase),
      api_version: deployment.apiVersion,
      region_name: deployment.region,
      timeout: timeoutMs === null ? null : timeoutMs / 1_000,
      max_retries: deployment.maxRetries,
      rpm: deployment.rpm,
      tpm: deployment.tpm,
      max_parallel_requests: deployment.maxParallelRequests,
      tags: [...deployment.tags],
      ...(deployment.isPriced ? fromPrice(deployment.price) : {}),
    },
    model_info: {
      ...withoutSecrets(deployment.info),
      id: deployment.id,
      db_model: deployment.info.db_model === true,
      mode: deployment.mode,
      max_output_tokens: deployment.maxOutputTokens,
      access_groups: [...deployment.accessGroups],
      ...fromPrice(deployment.price),
    },
  };
}

/** Request fields that are words or lists and say nothing of who calls. */
const SHOWN_DEFAULTS: ReadonlySet<string> = new Set([
  'encoding_format',
  'modalities',
  'reasoning_effort',
  'response_format',
  'service_tier',
  'stop',
  'tool_choice',
  'verbosity',
]);

/** How the model is tuned for clients that leave it out: `temperature` and so on. Free text and tools are left out. */
function shownDefaults(defaults: Deployment['requestDefaults']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(defaults).filter(
      ([name, value]) => typeof value === 'number' || typeof value === 'boolean' || SHOWN_DEFAULTS.has(name),
    ),
  );
}

/** One entry per model name: the cheapest known price, the limits of all its deployments together. */
export function fromModelGroup(
  name: string,
  members: readonly DeploymentView[],
): z.output<typeof ModelGroupList>['data'][number] {
  const prices = members.map(({ price }) => fromPrice(price));
  return {
    model_group: name,
    providers: [...new Set(members.map(({ provider }) => provider))],
    mode: members.find(({ mode }) => mode !== null)?.mode ?? null,
    max_output_tokens: least(members.map(({ maxOutputTokens }) => maxOutputTokens)),
    input_cost_per_token: least(prices.map((price) => price.input_cost_per_token)),
    output_cost_per_token: least(prices.map((price) => price.output_cost_per_token)),
    rpm: sum(members.map(({ rpm }) => rpm)),
    tpm: sum(members.map(({ tpm }) => tpm)),
  };
}

/** An upstream's address without what may be a credential: user, password and query. */
export function toPublicAddress(address: string | null): string | null {
  if (address === null || !URL.canParse(address)) return null;
  const url = new URL(address);
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
}

const PICO_PER_USD = 1e12;

function fromPrice(price: ModelPrice | null) {
  const tier = price?.tiers[0];
  return {
    input_cost_per_token: tier === undefined ? null : tier.inputPicoUsd / PICO_PER_USD,
    output_cost_per_token: tier === undefined ? null : tier.outputPicoUsd / PICO_PER_USD,
  };
}

const SECRET_NAME = /key|secret|token$|password|credential|authorization/i;

/** `model_info` is the operator's own text; a credential that strayed into it stays here. */
function withoutSecrets(info: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(info).filter(([name]) => !SECRET_NAME.test(name) || /cost/i.test(name)));
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}
