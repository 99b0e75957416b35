/** Any failure → what the client gets. Pure, so that every path (route, framework, broken socket) words it alike. */
import { GatewayError, toEnvelope } from '../core/gateway-error.ts';
import { describeInvalidRequest } from './validation-detail.ts';
import { RequestInvalid } from './zod-validation.ts';

export interface ErrorResponse {
  status: number;
  headers: Record<string, string>;
  body: Record<string, unknown>;
  /** True when an operator should see the cause in the log; refusals and bad requests are not their business. */
  isFault: boolean;
}

export interface ErrorFacts {
  requestId: string;
  bodyLimitBytes: number;
}

/** `error` is whatever was thrown. Unknown failures become one sentence with the request id and nothing else. */
export function toErrorResponse(error: unknown, facts: ErrorFacts): ErrorResponse {
  if (error instanceof RequestInvalid) {
    const { message, param, detail } = describeInvalidRequest(error);
    const refusal = toResponse(new GatewayError('validation', message, { param }));
    return { ...refusal, body: { ...refusal.body, detail } };
  }
  if (error instanceof GatewayError) return toResponse(withRequestId(error, facts));
  const refusal = fromFramework(error, facts);
  return toResponse(refusal ?? withRequestId(new GatewayError('internal', 'Internal Server Error.'), facts));
}

function toResponse(error: GatewayError): ErrorResponse {
  const headers: Record<string, string> = { ...error.headers };
  if (error.retryAfterMs !== undefined) headers['retry-after'] = String(toRetryAfterSeconds(error.retryAfterMs));
  return {
    status: error.status,
    headers,
    body: { ...toEnvelope(error) },
    isFault: error.code === 'internal' || error.code === 'database_unavailable',
  };
}

/** Whole seconds, never 0: clients take 0 as "at once", and some read no fractions. */
export function toRetryAfterSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}

/** Faults of ours name the request, so that a report of them can be found in the log. */
function withRequestId(error: GatewayError, { requestId }: ErrorFacts): GatewayError {
  if (error.code !== 'internal' && error.code !== 'database_unavailable') return error;
  return new GatewayError(error.code, `${error.message} (request id ${requestId})`, {
    param: error.param,
    headers: error.headers,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}

/** What Fastify itself refuses. Its own sentences are not used where they would repeat what the client sent. */
function fromFramework(error: unknown, { bodyLimitBytes }: ErrorFacts): GatewayError | undefined {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new GatewayError(
        'payload_too_large',
        `The request body is larger than the limit of ${bodyLimitBytes} bytes.`,
      );
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new GatewayError('unsupported_media_type', 'The request body has to be JSON.');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new GatewayError('invalid_request', 'The request body is shorter or longer than its content-length.');
    case 'FST_ERR_BAD_URL':
      return new GatewayError('invalid_request', 'The URL is malformed.');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new GatewayError('invalid_request', 'A part of the URL is too long.');
  }
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? new GatewayError('invalid_request', 'The request could not be read.')
    : undefined;
}
