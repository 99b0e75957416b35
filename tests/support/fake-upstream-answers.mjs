// What a fake upstream says, in OpenAI's form. Pure: a request's body and a behavior in, JSON values out.

/** @import { Behavior } from './fake-upstream-rules.mjs' */
/** @typedef {Record<string, any>} Body */
/** @typedef {'chat' | 'completion' | 'embedding'} FakeOperation */
/** @typedef {{ id: string, operation: FakeOperation, body: Body, behavior: Behavior }} Exchange */

/**
 * The usage object of an answer, and of its bill.
 *
 * @param {Exchange} exchange
 */
export function buildUsage({ operation, body, behavior }) {
  const { promptTokens, cachedTokens, reasoningTokens } = behavior;
  if (operation === 'embedding') return { prompt_tokens: promptTokens, total_tokens: promptTokens };
  const limit = Math.min(body.max_completion_tokens ?? Infinity, body.max_tokens ?? Infinity);
  const completionTokens = Math.min(behavior.completionTokens, limit) * choicesOf(body);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}

/**
 * @param {Exchange} exchange
 * @returns {Body}
 */
export function buildWholeAnswer(exchange) {
  const { id, operation, body, behavior } = exchange;
  const { model } = body;
  const usage = behavior.usage === 'never' ? {} : { usage: buildUsage(exchange) };
  if (operation === 'embedding') return { object: 'list', data: buildEmbeddings(body), model, ...usage };
  const text = words(behavior.frames).join('');
  const choices = Array.from({ length: choicesOf(body) }, (_, index) => {
    if (operation === 'completion') return { index, text, logprobs: null, finish_reason: 'stop' };
    const tool = behavior.toolCall ? toolOf(body) : null;
    const message = tool
      ? { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: tool }] }
      : { role: 'assistant', content: text };
    return { index, message, logprobs: null, finish_reason: tool ? 'tool_calls' : 'stop' };
  });
  const object = operation === 'chat' ? 'chat.completion' : 'text_completion';
  return { id, object, created: 1_700_000_000, model, choices, ...usage };
}

/**
 * The frames of a stream, `[DONE]` and the usage frame not among them.
 *
 * @param {Exchange} exchange
 * @returns {Body[]}
 */
export function buildFrames(exchange) {
  const { operation, body, behavior } = exchange;
  const usage = buildUsage(exchange);
  const tool = behavior.toolCall ? toolOf(body) : null;
  const pieces = tool ? split(tool.arguments, behavior.frames) : words(behavior.frames);
  const said = pieces.map((piece, at) => {
    if (operation === 'completion') return { text: piece };
    const role = at === 0 ? { role: 'assistant' } : {};
    if (!tool) return { delta: { ...role, content: piece } };
    const call =
      at === 0
        ? { id: 'call_1', type: 'function', function: { name: tool.name, arguments: piece } }
        : { function: { arguments: piece } };
    return { delta: { ...role, tool_calls: [{ index: 0, ...call }] } };
  });
  return said.map((content, at) => {
    const isLast = at === said.length - 1;
    const finish_reason = isLast ? (tool ? 'tool_calls' : 'stop') : null;
    const choices = Array.from({ length: choicesOf(body) }, (_, index) => ({ index, ...content, finish_reason }));
    if (behavior.usage === 'in_every_frame') {
      const soFar = Math.ceil(((usage.completion_tokens ?? 0) * (at + 1)) / said.length);
      return buildFrame(exchange, { choices, usage: { ...usage, completion_tokens: soFar } });
    }
    return buildFrame(exchange, { choices, ...(isLast && behavior.usage === 'in_last_frame' ? { usage } : {}) });
  });
}

/**
 * @param {Exchange} exchange
 * @param {Body} rest
 * @returns {Body}
 */
export function buildFrame({ id, operation, body }, rest) {
  const object = operation === 'chat' ? 'chat.completion.chunk' : 'text_completion';
  return { id, object, created: 1_700_000_000, model: body.model, ...rest };
}

/** @param {Body} body */
function choicesOf(body) {
  return Number.isInteger(body.n) && body.n > 0 ? body.n : 1;
}

/** @param {number} count */
function words(count) {
  return Array.from({ length: count }, (_, index) => `w${index} `);
}

/**
 * @param {string} text
 * @param {number} parts
 */
function split(text, parts) {
  const size = Math.max(1, Math.ceil(text.length / Math.max(1, parts)));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
}

/**
 * The request's first tool, called with made-up arguments.
 *
 * @param {Body} body
 */
function toolOf(body) {
  const name = body.tools?.[0]?.function?.name;
  return typeof name === 'string' ? { name, arguments: '{"city":"Paris"}' } : null;
}

/** @param {Body} body */
function buildEmbeddings(body) {
  const inputs = Array.isArray(body.input) && typeof body.input[0] !== 'number' ? body.input : [body.input];
  const vector = [0.5, -0.5, 0.5, -0.5];
  const embedding =
    body.encoding_format === 'base64' ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector;
  return inputs.map((/** @type {unknown} */ _, /** @type {number} */ index) => ({
    object: 'embedding',
    index,
    embedding,
  }));
}
