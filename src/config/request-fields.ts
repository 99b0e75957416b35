/** Request fields in `litellm_params`: what a deployment adds to the requests of clients that leave them out. */
import { z } from 'zod';
import { REQUEST_FIELDS, type RequestField } from '../core/request-defaults.ts';
import { flag, number, optional, text, wholeNumber } from './fields.ts';

const anything = optional(z.json());
const aFlag = optional(flag);
const aNumber = optional(number);
const aText = optional(text);
const aCount = optional(wholeNumber(1));

export const requestFields = {
  audio: anything,
  best_of: aCount,
  chat_template_kwargs: anything,
  dimensions: aCount,
  echo: aFlag,
  enable_thinking: aFlag,
  encoding_format: aText,
  frequency_penalty: aNumber,
  function_call: anything,
  functions: anything,
  include_reasoning: aFlag,
  input_type: aText,
  logit_bias: anything,
  // A switch in chats, a number in plain completions.
  logprobs: anything,
  max_completion_tokens: aCount,
  max_tokens: aCount,
  min_p: aNumber,
  modalities: anything,
  n: aCount,
  parallel_tool_calls: aFlag,
  prediction: anything,
  presence_penalty: aNumber,
  prompt_cache_key: aText,
  prompt_cache_retention: aText,
  reasoning: anything,
  reasoning_effort: anything,
  repetition_penalty: aNumber,
  response_format: anything,
  safety_identifier: aText,
  seed: aNumber,
  service_tier: aText,
  skip_special_tokens: aFlag,
  // Also a line break alone, which is no text elsewhere.
  stop: anything,
  stop_token_ids: anything,
  store: aFlag,
  suffix: aText,
  temperature: aNumber,
  thinking: anything,
  thinking_budget: aNumber,
  tool_choice: anything,
  tools: anything,
  top_k: aNumber,
  top_logprobs: optional(wholeNumber(0)),
  top_p: aNumber,
  user: aText,
  verbosity: aText,
  web_search_options: anything,
} satisfies Record<RequestField, z.ZodType>;

/** What a call is, and not how it is to be done: never a default. */
const THE_CALL_ITSELF = ['model', 'messages', 'prompt', 'input', 'stream', 'stream_options'];

/** Further fields, of whatever name the upstream knows. */
export const extraBody = z
  .record(z.string(), z.json(), { error: 'expected a map of request fields' })
  .refine((fields) => !THE_CALL_ITSELF.some((name) => Object.hasOwn(fields, name)), {
    error: `cannot set what every request says itself: ${THE_CALL_ITSELF.join(', ')}`,
  });

type RequestParams = { [Name in RequestField]: z.output<(typeof requestFields)[Name]> } & {
  extra_body: z.output<typeof extraBody> | null;
};

/** Name and value of every field that is set. Where `extra_body` says the same, it has the last word, as at the upstream. */
export function toRequestDefaults(params: RequestParams): Record<string, unknown> {
  const given = REQUEST_FIELDS.filter((name) => params[name] !== null).map((name) => [name, params[name]] as const);
  const extra = Object.entries(params.extra_body ?? {}).filter(([, value]) => value !== null);
  return Object.fromEntries([...given, ...extra]);
}
