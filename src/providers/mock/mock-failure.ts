import { GatewayError } from '../../core/gateway-error.ts';
import type { Deployment } from '../../core/model.ts';

/** LiteLLM's exceptions by name, with the status and `type` that its proxy answers with. */
const FAILURES: Readonly<Record<string, { status: number; type: string }>> = {
  AuthenticationError: { status: 401, type: 'auth_error' },
  BadRequestError: { status: 400, type: 'invalid_request_error' },
  ContentPolicyViolationError: { status: 400, type: 'invalid_request_error' },
  ContextWindowExceededError: { status: 400, type: 'invalid_request_error' },
  InternalServerError: { status: 500, type: 'internal_server_error' },
  NotFoundError: { status: 404, type: 'not_found_error' },
  PermissionDeniedError: { status: 403, type: 'auth_error' },
  RateLimitError: { status: 429, type: 'throttling_error' },
  ServiceUnavailableError: { status: 503, type: 'internal_server_error' },
  Timeout: { status: 408, type: 'timeout_error' },
};

/**
 * A `mock_response` such as `litellm.RateLimitError` stands for that failure, so that clients' handling of it can be
 * tried. @throws GatewayError upstream_error with the failure's own status
 */
export function assertNoMockFailure({
  id,
  provider,
  mockResponse,
}: Pick<Deployment, 'id' | 'provider' | 'mockResponse'>): void {
  if (typeof mockResponse !== 'string') return;
  const name = /^litellm\.([A-Za-z]+)(?::|$)/.exec(mockResponse)?.[1];
  const failure = name !== undefined && Object.hasOwn(FAILURES, name) ? FAILURES[name] : undefined;
  if (failure === undefined) return;
  throw new GatewayError(
    'upstream_error',
    `Upstream ${provider} (deployment ${id}) answered ${failure.status}: ${name}, as its mock_response asks for.`,
    { upstream: failure },
  );
}
