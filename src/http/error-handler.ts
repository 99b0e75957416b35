/** The one place where a failure becomes an answer. Handlers throw; nobody else writes an error body. */
import { finished } from 'node:stream';
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { toErrorResponse } from './error-response.ts';
import { type RecordRefusal, toRefusal } from './record-refusal.ts';

export interface ErrorHandlerDeps {
  logger: FastifyBaseLogger;
  bodyLimitBytes: number;
}

export type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** What the client gets, the body as text. Logs what is a fault of ours under the request id. */
export function describeFailure({ logger, bodyLimitBytes }: ErrorHandlerDeps, error: unknown, requestId: string) {
  const response = toErrorResponse(error, { requestId, bodyLimitBytes });
  const { status, headers, body, isFault } = response;
  if (isFault) logger.error({ err: error, request_id: requestId, status }, 'request failed');
  return { status, headers, type: 'application/json; charset=utf-8', text: JSON.stringify(body), response };
}

/** Answers with the envelope; a refused attempt to change something is on record by then. */
export function createErrorHandler(deps: ErrorHandlerDeps, recordRefusal?: RecordRefusal): ErrorHandler {
  const { bodyLimitBytes } = deps;
  return (error, request, reply) => {
    const { status, headers, type, text, response } = describeFailure(deps, error, request.id);
    const sent = request.policy?.errorDetail === true ? withDetail(response.body) : text;
    const answer = () => {
      reply.code(status).headers(headers).type(type).send(sent);
    };
    const refuse = () => {
      if (status === 413 && isWorthReceiving(request, bodyLimitBytes)) discardBody(request, answer);
      else answer();
    };
    const refusal = recordRefusal === undefined ? null : toRefusal(request, response);
    if (refusal === null) refuse();
    else void recordRefusal?.(refusal).then(refuse);
  };
}

/** LiteLLM lets some of its routes fail in FastAPI's form, and clients of these look nowhere else. */
function withDetail(body: Record<string, unknown>): string {
  const { message } = (body.error ?? {}) as { message?: string };
  return JSON.stringify({ ...body, detail: body.detail ?? { error: message } });
}

/**
 * Most clients send all of their body before they read the answer. Closing on them at once would show them a broken
 * connection in place of the reason; so what is not absurdly large is received and thrown away first.
 */
function discardBody({ raw }: FastifyRequest, done: () => void): void {
  finished(raw, { writable: false }, done);
  raw.resume();
}

function isWorthReceiving({ headers }: FastifyRequest, bodyLimitBytes: number): boolean {
  return Number(headers['content-length']) <= bodyLimitBytes * 10;
}
