import { type ErrorCode, GatewayError } from '../core/gateway-error.ts';

/**
 * What went wrong between us and an upstream. `unreachable`: no connection (refused, DNS, TLS). `timeout`: nothing
 * came for too long. `reset`: the connection broke. `protocol`: what came is not HTTP. `redirect`: a 3xx, which is
 * never followed, so that a provider key goes to no other host. `too_large`: more than we are willing to hold.
 * `unsendable`: the deployment's address or headers make no valid request. `closed`: this process is shutting down.
 */
export type UpstreamFaultKind =
  | 'unreachable'
  | 'timeout'
  | 'reset'
  | 'protocol'
  | 'redirect'
  | 'too_large'
  | 'unsendable'
  | 'closed'
  | 'unexpected';

/** How far the exchange got. In `connect` the upstream has seen nothing of the request. */
export type UpstreamPhase = 'connect' | 'headers' | 'body';

/** The `cause` of every GatewayError that the transport makes: what the retry rules and the logs look at. */
export class UpstreamFault extends Error {
  override readonly name = 'UpstreamFault';
  readonly kind: UpstreamFaultKind;
  readonly phase: UpstreamPhase;
  /** Bytes of the answer's body that had come. */
  readonly bytesSeen: number;

  constructor(kind: UpstreamFaultKind, phase: UpstreamPhase, bytesSeen: number, cause?: unknown) {
    super(`${kind} in ${phase} after ${bytesSeen} bytes`, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.phase = phase;
    this.bytesSeen = bytesSeen;
  }
}

/** The fault behind an error, or null when the error did not come from the transport (a client's abort, say). */
export function findUpstreamFault(error: unknown): UpstreamFault | null {
  if (!(error instanceof GatewayError)) return null;
  return error.cause instanceof UpstreamFault ? error.cause : null;
}

/** The error that callers see. It names the deployment, never its address, headers or key. */
export function toUpstreamError(deploymentId: string, fault: UpstreamFault): GatewayError {
  const { code, words } = WORDING[fault.kind];
  return new GatewayError(code, `Deployment ${deploymentId} ${words(fault)}.`, { cause: fault });
}

/** Reads a failure of undici or of a socket. */
export function toUpstreamFault(failure: Error, phase: UpstreamPhase, bytesSeen: number): UpstreamFault {
  return failure instanceof UpstreamFault
    ? failure
    : new UpstreamFault(kindOf(failure, phase), phase, bytesSeen, failure);
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);
const RESETS = new Set([
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'ECONNRESET',
  'EPIPE',
  'HPE_INVALID_EOF_STATE',
]);

function kindOf(failure: Error, phase: UpstreamPhase): UpstreamFaultKind {
  const code = errorCode(failure);
  if (code === null) return failure.name === 'HTTPParserError' ? 'protocol' : 'unexpected';
  if (TIMEOUTS.has(code)) return 'timeout';
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return 'closed';
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') return 'unsendable';
  if (phase === 'connect') return 'unreachable';
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'too_large';
  if (RESETS.has(code)) return 'reset';
  return code.startsWith('HPE_') ? 'protocol' : 'unexpected';
}

function errorCode(failure: Error): string | null {
  const { code } = failure as { code?: unknown };
  return typeof code === 'string' ? code : null;
}

interface Wording {
  code: ErrorCode;
  words(fault: UpstreamFault): string;
}

const WORDING: Readonly<Record<UpstreamFaultKind, Wording>> = {
  unreachable: { code: 'upstream_unreachable', words: ({ cause }) => `could not be reached${inBrackets(cause)}` },
  timeout: { code: 'upstream_timeout', words: timeoutWords },
  reset: { code: 'upstream_unreachable', words: resetWords },
  protocol: { code: 'upstream_unreachable', words: () => 'answered with something that is not HTTP' },
  redirect: { code: 'upstream_unreachable', words: () => 'answered with a redirect, which is not followed' },
  too_large: { code: 'upstream_unreachable', words: () => 'sent a larger answer than is allowed here' },
  unsendable: { code: 'model_unavailable', words: () => 'has an address or header that cannot be sent' },
  closed: { code: 'shutting_down', words: () => 'was not called: the gateway is shutting down' },
  unexpected: { code: 'internal', words: () => 'could not be called because of an internal error' },
};

/** System error codes are safe to show and tell an operator most of what there is to know. */
function inBrackets(cause: unknown): string {
  const code = cause instanceof Error ? errorCode(cause) : null;
  return code === null ? '' : ` (${code})`;
}

function timeoutWords({ phase }: UpstreamFault): string {
  if (phase === 'connect') return 'did not accept a connection in time';
  return phase === 'headers' ? 'did not answer in time' : 'stopped sending its answer';
}

function resetWords({ phase, bytesSeen }: UpstreamFault): string {
  return phase === 'body' ? `broke off its answer after ${bytesSeen} bytes` : 'closed the connection without an answer';
}
