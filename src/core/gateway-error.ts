import type { JsonObject } from './json.ts';

/**
 * The one error class. `code` is ours and closed; `ERROR_TABLE` maps it to the wire's status and `type`
 * (LiteLLM's enumeration). The message is public: it is shown to the caller as it stands, so it never holds a
 * secret and, for faults of ours, says one sentence and no more.
 */
const ERROR_TABLE = {
  authentication: { status: 401, type: 'auth_error' },
  key_unknown: { status: 401, type: 'token_not_found_in_db' },
  key_expired: { status: 401, type: 'expired_key' },
  not_admin: { status: 401, type: 'auth_error' },
  /** A team that does not let its plain members do this. */
  team_member_permission: { status: 401, type: 'team_member_permission_error' },
  forbidden: { status: 403, type: 'auth_error' },
  key_model_access: { status: 403, type: 'key_model_access_denied' },
  team_model_access: { status: 403, type: 'team_model_access_denied' },
  user_model_access: { status: 403, type: 'user_model_access_denied' },
  organization_model_access: { status: 403, type: 'org_model_access_denied' },
  customer_model_access: { status: 403, type: 'customer_model_access_denied' },
  budget_exceeded: { status: 400, type: 'budget_exceeded' },
  /** Nobody is left to read it; kept for the call's own record. */
  client_gone: { status: 499, type: 'client_closed_request' },
  rate_limited: { status: 429, type: 'throttling_error' },
  bad_request: { status: 400, type: 'bad_request_error' },
  /** A report that does not say over which time; LiteLLM types it so. */
  dates_missing: { status: 400, type: 'bad_request' },
  /** Settings of the installation that forbid what a management call asks for; LiteLLM types these so. */
  management_refused: { status: 400, type: 'auth_error' },
  invalid_request: { status: 400, type: 'invalid_request_error' },
  validation: { status: 422, type: 'validation_error' },
  /** A management call that says nothing; LiteLLM types it so. */
  nothing_asked: { status: 422, type: 'auth_error' },
  not_found: { status: 404, type: 'not_found_error' },
  /** A customer's name that is taken; LiteLLM types it so. */
  customer_exists: { status: 400, type: 'bad_request' },
  customer_not_found: { status: 404, type: 'not_found' },
  unknown_default_model: { status: 422, type: 'internal_error' },
  /** A team that there is not; LiteLLM types it so. */
  team_not_found: { status: 404, type: 'auth_error' },
  team_member_exists: { status: 400, type: 'team_member_already_in_team' },
  conflict: { status: 409, type: 'bad_request_error' },
  method_not_allowed: { status: 405, type: 'bad_request_error' },
  payload_too_large: { status: 413, type: 'bad_request_error' },
  unsupported_media_type: { status: 415, type: 'bad_request_error' },
  /** The upstream refused or failed: its own status and type replace these (GatewayErrorOptions.upstream). */
  upstream_error: { status: 502, type: 'upstream_error' },
  upstream_unreachable: { status: 502, type: 'upstream_error' },
  upstream_timeout: { status: 504, type: 'upstream_error' },
  model_unavailable: { status: 503, type: 'model_unavailable' },
  database_unavailable: { status: 503, type: 'no_db_connection' },
  /** The store that limits are counted in cannot be reached, and the installation admits nothing without it. */
  counters_unavailable: { status: 503, type: 'internal_server_error' },
  shutting_down: { status: 503, type: 'internal_server_error' },
  internal: { status: 500, type: 'internal_server_error' },
} as const;

export type ErrorCode = keyof typeof ERROR_TABLE;

export interface GatewayErrorOptions {
  /** The request field at fault. */
  param?: string | null;
  cause?: unknown;
  retryAfterMs?: number;
  /** What the upstream answered, to be passed on in our envelope. `words`: its own ones, as they stand in the message. */
  upstream?: { status: number; type: string | null; words?: string };
  /** Extra response headers (rate limit state and the like). Never a secret. */
  headers?: Readonly<Record<string, string>>;
  /** Beside `error` in the body, in FastAPI's form, for LiteLLM's clients that look for it there. */
  detail?: JsonObject | string;
}

/** Of refusals (4xx) there is no stack. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly param: string | null;
  readonly retryAfterMs: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly detail: JsonObject | string | undefined;
  readonly #upstream: GatewayErrorOptions['upstream'];

  constructor(code: ErrorCode, publicMessage: string, options: GatewayErrorOptions = {}) {
    const depth = Error.stackTraceLimit;
    // Where in our code a caller was refused is nobody's question, and to find out costs more than the rest of a refusal.
    if (ERROR_TABLE[code].status < 500) Error.stackTraceLimit = 0;
    super(publicMessage, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = depth;
    this.code = code;
    this.param = options.param ?? null;
    this.retryAfterMs = options.retryAfterMs;
    this.headers = options.headers ?? {};
    this.detail = options.detail;
    this.#upstream = options.upstream;
  }

  get status(): number {
    return this.#upstream?.status ?? ERROR_TABLE[this.code].status;
  }

  /** What of the message an upstream has said. It may repeat what it was asked; null: all of the message is ours. */
  get upstreamWords(): string | null {
    return this.#upstream?.words ?? null;
  }

  get type(): string {
    return this.#upstream?.type ?? ERROR_TABLE[this.code].type;
  }
}

/** The error body of the wire (LiteLLM's ProxyException form): `code` is the status as a string. */
export interface ErrorEnvelope {
  error: { message: string; type: string; param: string | null; code: string };
  detail?: JsonObject | string;
}

/** Pure: an error → the body that the caller sees. */
export function toEnvelope(error: GatewayError): ErrorEnvelope {
  const { message, type, param, status, detail } = error;
  const envelope: ErrorEnvelope = { error: { message, type, param, code: String(status) } };
  return detail === undefined ? envelope : { ...envelope, detail };
}
