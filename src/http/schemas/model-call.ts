/**
 * What the API description says about model calls. For documentation only: these bodies are open, and whatever
 * OpenAI's API knows beyond the fields named here passes through to the upstream untouched.
 */
import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import type { Operation } from '../../core/operation.ts';

const model = z.string().describe('Name of a model or alias that this key may call.');
const output = {
  max_tokens: z.int().optional(),
  temperature: z.number().optional(),
  n: z.int().optional(),
  stream: z.boolean().optional(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).optional(),
  user: z.string().optional().describe('Your end user; spend is recorded under it.'),
  metadata: z.looseObject({ tags: z.array(z.string()).optional() }).optional(),
};

const bodies = {
  chat: z.looseObject({
    model,
    messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })),
    max_completion_tokens: z.int().optional(),
    tools: z.array(z.looseObject({})).optional(),
    ...output,
  }),
  completion: z.looseObject({ model, prompt: z.union([z.string(), z.array(z.unknown())]), ...output }),
  embedding: z.looseObject({
    model,
    input: z.union([z.string(), z.array(z.unknown())]),
    encoding_format: z.enum(['float', 'base64']).optional(),
    dimensions: z.int().optional(),
    user: z.string().optional(),
  }),
};

const usage = z.looseObject({
  prompt_tokens: z.int(),
  completion_tokens: z.int().optional(),
  total_tokens: z.int(),
});
const STREAMED = 'With `stream`: server-sent events (`text/event-stream`), the last of them `data: [DONE]`.';

const replies = {
  chat: z
    .looseObject({
      id: z.string(),
      object: z.string(),
      created: z.int(),
      model: z.string().describe('As it was asked for.'),
      choices: z.array(
        z.looseObject({
          index: z.int(),
          message: z.looseObject({ role: z.string(), content: z.string().nullable() }),
          finish_reason: z.string().nullable(),
        }),
      ),
      usage: usage.optional(),
    })
    .describe(STREAMED),
  completion: z
    .looseObject({
      id: z.string(),
      object: z.string(),
      created: z.int(),
      model: z.string(),
      choices: z.array(z.looseObject({ index: z.int(), text: z.string(), finish_reason: z.string().nullable() })),
      usage: usage.optional(),
    })
    .describe(STREAMED),
  embedding: z.looseObject({
    object: z.string(),
    model: z.string(),
    data: z.array(
      z.looseObject({ object: z.string(), index: z.int(), embedding: z.union([z.array(z.number()), z.string()]) }),
    ),
    usage: usage.optional(),
  }),
};

const SUMMARIES: Readonly<Record<Operation, string>> = {
  chat: 'Chat completion, streamed or whole',
  completion: 'Text completion, streamed or whole',
  embedding: 'Embeddings',
};

function describe(operation: Operation) {
  return {
    tags: ['models'],
    summary: SUMMARIES[operation],
    description:
      'The OpenAI API. Every limit of the key applies; a refusal says which one, what is used and what is left. ' +
      'Unknown parameters reach the upstream untouched; `api_base`, `base_url` and `api_key` are refused.',
    body: bodies[operation],
    response: { 200: replies[operation] },
  };
}

/** Typed as no more than what is described: a call is answered with the upstream's own bytes. */
export const MODEL_CALL_SCHEMAS: Readonly<Record<Operation, FastifySchema>> = {
  chat: describe('chat'),
  completion: describe('completion'),
  embedding: describe('embedding'),
};
