/** The one place where a failure becomes an answer. Handlers throw; nobody else writes an error body. */
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { toErrorResponse } from './error-response.ts';

export interface ErrorHandlerDeps {
  logger: FastifyBaseLogger;
  bodyLimitBytes: number;
}

export type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** Answers with the envelope, and logs what is a fault of ours under the request id. */
export function createErrorHandler({ logger, bodyLimitBytes }: ErrorHandlerDeps): ErrorHandler {
  return (error, request, reply) => {
    const { status, headers, body, isFault } = toErrorResponse(error, { requestId: request.id, bodyLimitBytes });
    if (isFault) logger.error({ err: error, request_id: request.id, status }, 'request failed');
    return reply.code(status).headers(headers).type('application/json; charset=utf-8').send(JSON.stringify(body));
  };
}
