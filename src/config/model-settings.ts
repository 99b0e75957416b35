/** One entry of `model_list`: a deployment of a model, as the file describes it. */
import { z } from 'zod';
import { decimal, httpUrl, optional, required, seconds, text, textList, textMap, wholeNumber } from './fields.ts';
import { PRICE_NAMES } from './model-price.ts';
import { extraBody, requestFields } from './request-fields.ts';

const prices = Object.fromEntries(PRICE_NAMES.map((name) => [name, optional(decimal)])) as Record<
  (typeof PRICE_NAMES)[number],
  ReturnType<typeof optional<typeof decimal>>
>;

const mockResponse = z.union([text, z.record(z.string(), z.json())], {
  error: 'expected the text to answer with, or a map',
});

export const litellmParams = z.object({
  model: required(text),
  custom_llm_provider: optional(text),
  api_key: optional(text),
  api_base: optional(httpUrl),
  base_url: optional(httpUrl),
  api_version: optional(text),
  organization: optional(text),
  region_name: optional(text),
  extra_headers: optional(textMap),
  timeout: optional(seconds),
  stream_timeout: optional(seconds),
  max_retries: optional(wholeNumber(0, 100)),
  num_retries: optional(wholeNumber(0, 100)),
  rpm: optional(wholeNumber(0)),
  tpm: optional(wholeNumber(0)),
  weight: optional(decimal),
  tags: optional(textList),
  mock_response: optional(mockResponse),
  extra_body: optional(extraBody),
  ...requestFields,
  ...prices,
});

/** Anything else in `model_info` is kept as it stands. */
export const modelInfo = z.object({
  id: optional(text),
  mode: optional(text),
  base_model: optional(text),
  access_groups: optional(textList),
  max_tokens: optional(wholeNumber(1)),
  max_input_tokens: optional(wholeNumber(1)),
  max_output_tokens: optional(wholeNumber(1)),
  ...prices,
});

export const modelEntry = z.object(
  {
    model_name: required(text),
    litellm_params: required(litellmParams),
    model_info: optional(modelInfo),
  },
  { error: 'expected a map with model_name and litellm_params' },
);

export type LitellmParams = z.output<typeof litellmParams>;
export type ModelEntry = z.output<typeof modelEntry>;
