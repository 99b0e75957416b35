/**
 * Fields of a request that an operator may set on a deployment for clients that leave them out: `temperature`,
 * `max_tokens`, `stop` and so on. A client that mentions a field, if only as null, has decided it.
 */
import type { Operation } from './operation.ts';

const CHAT: readonly Operation[] = ['chat'];
const COMPLETION: readonly Operation[] = ['completion'];
const TEXT: readonly Operation[] = ['chat', 'completion'];
const EMBEDDING: readonly Operation[] = ['embedding'];
const ALL: readonly Operation[] = ['chat', 'completion', 'embedding'];

/** The operations that know each field: one deployment (`openai/*`, say) may serve several. */
const OPERATIONS = {
  audio: CHAT,
  best_of: COMPLETION,
  chat_template_kwargs: CHAT,
  dimensions: EMBEDDING,
  echo: COMPLETION,
  enable_thinking: CHAT,
  encoding_format: EMBEDDING,
  frequency_penalty: TEXT,
  function_call: CHAT,
  functions: CHAT,
  include_reasoning: CHAT,
  input_type: EMBEDDING,
  logit_bias: TEXT,
  logprobs: TEXT,
  max_completion_tokens: CHAT,
  max_tokens: TEXT,
  min_p: TEXT,
  modalities: CHAT,
  n: TEXT,
  parallel_tool_calls: CHAT,
  prediction: CHAT,
  presence_penalty: TEXT,
  prompt_cache_key: CHAT,
  prompt_cache_retention: CHAT,
  reasoning: CHAT,
  reasoning_effort: CHAT,
  repetition_penalty: TEXT,
  response_format: CHAT,
  safety_identifier: CHAT,
  seed: TEXT,
  service_tier: CHAT,
  skip_special_tokens: TEXT,
  stop: TEXT,
  stop_token_ids: TEXT,
  store: CHAT,
  suffix: COMPLETION,
  temperature: TEXT,
  thinking: CHAT,
  thinking_budget: CHAT,
  tool_choice: CHAT,
  tools: CHAT,
  top_k: TEXT,
  top_logprobs: CHAT,
  top_p: TEXT,
  user: ALL,
  verbosity: CHAT,
  web_search_options: CHAT,
} as const satisfies Record<string, readonly Operation[]>;

export type RequestField = keyof typeof OPERATIONS;
export const REQUEST_FIELDS = Object.keys(OPERATIONS) as readonly RequestField[];

/** Two names of one limit. Upstreams refuse a request that has both. */
export const OUTPUT_LIMITS: readonly string[] = ['max_tokens', 'max_completion_tokens'];

const NONE: Readonly<Record<string, unknown>> = Object.freeze({});

/**
 * The defaults that this request takes over: those whose field it does not have and its operation knows. Names beyond
 * the table come from `extra_body` and count for every operation.
 */
export function selectDefaults(
  operation: Operation,
  body: Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  let selected = NONE;
  for (const [name, value] of Object.entries(defaults)) {
    if (!isOpen(name, body)) continue;
    const operations: readonly Operation[] = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name as RequestField] : ALL;
    if (operations.includes(operation)) selected = { ...selected, [name]: value };
  }
  return selected;
}

function isOpen(name: string, body: Readonly<Record<string, unknown>>): boolean {
  const names = OUTPUT_LIMITS.includes(name) ? OUTPUT_LIMITS : [name];
  return names.every((one) => !Object.hasOwn(body, one));
}
