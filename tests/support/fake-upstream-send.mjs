// How a fake upstream puts its answers on the wire, breaking off where its behavior says so.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildFrame, buildFrames, buildUsage, buildWholeAnswer } from './fake-upstream-answers.mjs';

/** @import { ServerResponse } from 'node:http' */
/** @import { Behavior } from './fake-upstream-rules.mjs' */
/** @import { Body, Exchange, FakeOperation } from './fake-upstream-answers.mjs' */

/**
 * One answered, or begun, call. A stream that was cut off bills the frames that had left.
 *
 * @typedef {object} BillEntry
 * @property {string} responseId
 * @property {string | null} user the request's `user`, by which a test can tell calls apart
 * @property {string} model
 * @property {FakeOperation} operation
 * @property {boolean} stream
 * @property {number} promptTokens
 * @property {number} completionTokens
 * @property {number} framesSent
 * @property {boolean} answered the whole answer has left for a client that was still there
 * @property {number} finishedAtMs
 */

/**
 * @param {Exchange} exchange
 * @param {boolean} stream
 * @returns {BillEntry}
 */
export function openEntry(exchange, stream) {
  const { id, body, operation, behavior } = exchange;
  return {
    responseId: id,
    user: typeof body.user === 'string' ? body.user : null,
    model: String(body.model ?? ''),
    operation,
    stream,
    promptTokens: behavior.promptTokens,
    completionTokens: stream ? 0 : (buildUsage(exchange).completion_tokens ?? 0),
    framesSent: 0,
    answered: false,
    finishedAtMs: 0,
  };
}

/**
 * @param {Exchange} exchange
 * @param {ServerResponse} response
 * @param {BillEntry} entry
 */
export function sendWhole(exchange, response, entry) {
  const { behavior } = exchange;
  const text = JSON.stringify(buildWholeAnswer(exchange));
  response.writeHead(200, { 'content-type': behavior.contentType ?? 'application/json', 'x-request-id': exchange.id });
  if (behavior.malformed) return void response.end(text.slice(0, text.length / 2));
  if (behavior.hang === 'body') return void response.write(text.slice(0, 10));
  if (behavior.dropAfter !== null) return void response.write(text.slice(0, 10), () => response.destroy());
  entry.answered = true;
  response.end(text);
}

/**
 * @param {Exchange} exchange
 * @param {ServerResponse} response
 * @param {BillEntry} entry
 */
export async function sendStream(exchange, response, entry) {
  const { behavior, body } = exchange;
  const usage = buildUsage(exchange);
  const frames = buildFrames(exchange);
  response.writeHead(200, {
    'content-type': behavior.contentType ?? 'text/event-stream; charset=utf-8',
    'x-request-id': exchange.id,
  });
  response.flushHeaders();
  for (const [at, frame] of frames.entries()) {
    if (at === behavior.dropAfter) return void response.destroy();
    if (at === behavior.errorAfter) {
      return void response.end(
        event({ error: { message: 'The fake upstream broke', type: 'server_error', code: null } }),
      );
    }
    if (at > 0 && behavior.frameIntervalMs > 0) await sleep(behavior.frameIntervalMs);
    if (response.destroyed) return;
    const isRead = response.write(behavior.malformed ? 'data: {"choices":[\n\n' : event(frame));
    entry.framesSent += 1;
    entry.completionTokens = Math.ceil(((usage.completion_tokens ?? 0) * entry.framesSent) / frames.length);
    if (behavior.hang === 'body') return;
    if (!isRead) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  if (behavior.dropAfter !== null) return void response.destroy();
  if (behavior.usage === 'asked' && body.stream_options?.include_usage === true) {
    response.write(event(buildFrame(exchange, { choices: [], usage })));
  }
  entry.answered = true;
  response.end('data: [DONE]\n\n');
}

/** @param {unknown} value */
function event(value) {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/**
 * @param {ServerResponse} response
 * @param {number} status
 * @param {string} message
 * @param {Behavior | null} how
 * @param {Body | null} body
 */
export function sendError(response, status, message, how, body) {
  const envelope = { error: { message, type: 'fake_error', param: body ? 'model' : null, code: `fake_${status}` } };
  response.writeHead(status, {
    'content-type': how?.contentType ?? 'application/json',
    ...(how?.retryAfterSeconds ? { 'retry-after': String(how.retryAfterSeconds) } : {}),
    ...(status >= 300 && status < 400 ? { location: 'http://127.0.0.1:9/elsewhere' } : {}),
  });
  response.end(how?.errorBody ?? JSON.stringify(envelope));
}
