import { assertJsonDepth } from './assert-json-limits.ts';
import type { Operation } from './operation.ts';

/**
 * What a request will use, guessed from its body alone: no tokenizer runs on the request path (one takes milliseconds
 * on a long prompt and can be made to take seconds). Two numbers come out of one walk over the body:
 * an estimate near the truth, and a bound that the truth cannot pass.
 */
export interface TokenEstimate {
  /** Four characters a token, as LiteLLM's limiter counts; at least 1. What a token limit reserves. */
  inputTokens: number;
  /** The same plus the few tokens that chat framing costs: what the upstream is likely to bill. */
  billedInputTokens: number;
  /** Never less than what the upstream can bill: a token is at least one byte. */
  maxInputTokens: number;
  /** `max_tokens` or `max_completion_tokens`; null when the client set none. */
  requestedOutputTokens: number | null;
  /** Answers that the output limit applies to, each: `n`, or `best_of` where larger, for every prompt of a list. */
  choices: number;
  /** False for embeddings. */
  producesOutput: boolean;
}

const CHARACTERS_PER_TOKEN = 4;
/** Role, separators and the primer of the answer, as OpenAI's own counting recipe has them. */
const FRAMING_TOKENS_PER_MESSAGE = 4;
const FRAMING_TOKENS_PER_CALL = 3;
/** Room for what a provider's chat template may add around tools and messages. */
const TEMPLATE_SLACK_TOKENS = 64;

/** Throws bad_request for a prompt or an input that is nested without end. */
export function estimateTokens(
  operation: Operation,
  body: Readonly<Record<string, unknown>>,
  bodyBytes: number,
  tokensPerImage: number,
): TokenEstimate {
  const seen: Walk = { characters: 0, tokens: 0, attachments: 0, messages: 0 };
  if (operation === 'chat') countMessages(body.messages, seen);
  else countPrompt(body, operation === 'completion' ? 'prompt' : 'input', seen);
  const inputTokens = Math.max(1, Math.floor(seen.characters / CHARACTERS_PER_TOKEN) + seen.tokens);
  const framing = operation === 'chat' ? seen.messages * FRAMING_TOKENS_PER_MESSAGE + FRAMING_TOKENS_PER_CALL : 0;
  return {
    inputTokens,
    billedInputTokens: inputTokens + framing,
    maxInputTokens:
      bodyBytes +
      seen.messages * FRAMING_TOKENS_PER_MESSAGE +
      TEMPLATE_SLACK_TOKENS +
      seen.attachments * tokensPerImage,
    requestedOutputTokens: operation === 'embedding' ? null : requestedOutput(body),
    choices: operation === 'embedding' ? 1 : answersAsked(operation, body),
    producesOutput: operation !== 'embedding',
  };
}

/**
 * The estimate of a call that may go to several deployments, whose defaults it takes over there (one entry each, those
 * that apply to this body): the most that any of them can make of it. The output counts as limited only where each one
 * limits it.
 */
export function widenEstimate(
  estimate: TokenEstimate,
  operation: Operation,
  body: Readonly<Record<string, unknown>>,
  defaults: readonly Readonly<Record<string, unknown>>[],
): TokenEstimate {
  if (operation === 'embedding' || defaults.every((one) => Object.keys(one).length === 0)) return estimate;
  const bodies = defaults.map((one) => ({ ...body, ...one }));
  const outputs = bodies.map(requestedOutput);
  const limits = outputs.filter((limit) => limit !== null);
  return {
    ...estimate,
    // Tools and schemas are read as part of the prompt.
    maxInputTokens:
      estimate.maxInputTokens + Math.max(...defaults.map((one) => Buffer.byteLength(JSON.stringify(one)))),
    requestedOutputTokens: limits.length < outputs.length ? null : Math.max(...limits),
    choices: Math.max(...bodies.map((merged) => answersAsked(operation, merged))),
  };
}

interface Walk {
  characters: number;
  tokens: number;
  attachments: number;
  messages: number;
}

function countMessages(messages: unknown, seen: Walk): void {
  if (!Array.isArray(messages)) return;
  for (const message of messages) {
    seen.messages += 1;
    if (typeof message !== 'object' || message === null) continue;
    const { content, tool_calls: toolCalls } = message as { content?: unknown; tool_calls?: unknown };
    if (typeof content === 'string') seen.characters += content.length;
    else if (Array.isArray(content)) for (const part of content) countPart(part, seen);
    if (Array.isArray(toolCalls)) for (const call of toolCalls) seen.characters += argumentsLength(call);
  }
}

function countPart(part: unknown, seen: Walk): void {
  if (typeof part === 'string') seen.characters += part.length;
  if (typeof part !== 'object' || part === null) return;
  const { type, text } = part as { type?: unknown; text?: unknown };
  if (typeof text === 'string') seen.characters += text.length;
  else if (type !== 'text') seen.attachments += 1;
}

function argumentsLength(call: unknown): number {
  const args = (call as { function?: { arguments?: unknown } } | null)?.function?.arguments;
  return typeof args === 'string' ? args.length : 0;
}

/** A list of lists is all that any provider reads; walking a deeper one would overflow the stack. */
const MAX_PROMPT_DEPTH = 8;

function countPrompt(body: Readonly<Record<string, unknown>>, field: 'prompt' | 'input', seen: Walk): void {
  const prompt = body[field];
  if (Array.isArray(prompt)) assertJsonDepth(prompt, field, MAX_PROMPT_DEPTH);
  countText(prompt, seen);
}

/** A prompt or an embedding input: text, a list of texts, a list of token ids, or a list of such lists. */
function countText(input: unknown, seen: Walk): void {
  if (typeof input === 'string') seen.characters += input.length;
  else if (typeof input === 'number') seen.tokens += 1;
  else if (Array.isArray(input)) for (const item of input) countText(item, seen);
}

/** Both names given: an upstream may honour either, so the larger one counts. */
function requestedOutput(body: Readonly<Record<string, unknown>>): number | null {
  const first = wholeNumber(body.max_completion_tokens);
  const second = wholeNumber(body.max_tokens);
  return first === null ? second : second === null ? first : Math.max(first, second);
}

function answersAsked(operation: Operation, body: Readonly<Record<string, unknown>>): number {
  const perPrompt = Math.max(1, wholeNumber(body.n) ?? 1, wholeNumber(body.best_of) ?? 1);
  const { prompt } = body;
  const prompts =
    operation === 'completion' && Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
  return perPrompt * Math.max(1, prompts);
}

/** More than any upstream takes, and small enough that products of two stay numbers that can be counted with. */
const MOST_TOKENS = 2 ** 31;

/** Upstreams that read leniently take "3" for 3, and would serve what nobody held anything for. */
function wholeNumber(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value.replaceAll('_', '')) : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0) return null;
  return Math.min(Math.floor(number), MOST_TOKENS);
}
