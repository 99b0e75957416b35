/** The one place where a failure becomes an answer. Handlers throw; nobody else writes an error body. */
import { finished } from 'node:stream';
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { toErrorResponse } from './error-response.ts';

export interface ErrorHandlerDeps {
  logger: FastifyBaseLogger;
  bodyLimitBytes: number;
}

export type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** Answers with the envelope, and logs what is a fault of ours under the request id. */
export function createErrorHandler({ logger, bodyLimitBytes }: ErrorHandlerDeps): ErrorHandler {
  return (error, request, reply) => {
    const { status, headers, body, isFault } = toErrorResponse(error, { requestId: request.id, bodyLimitBytes });
    if (isFault) logger.error({ err: error, request_id: request.id, status }, 'request failed');
    const answer = () => {
      reply.code(status).headers(headers).type('application/json; charset=utf-8').send(JSON.stringify(body));
    };
    if (status === 413 && isWorthReceiving(request, bodyLimitBytes)) discardBody(request, answer);
    else answer();
  };
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
