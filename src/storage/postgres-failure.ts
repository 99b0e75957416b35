import { GatewayError } from '../core/gateway-error.ts';
import { databaseUnavailable, TransactionConflict } from './database-unavailable.ts';
import { PasswordCommandFailed } from './password-command.ts';
import { UniqueViolation } from './unique-violation.ts';
import { unstorableText } from './unstorable-text.ts';

/**
 * Codes after which the statement may well succeed elsewhere or later. Two letters stand for a class of SQLSTATE:
 * 08 connection, 53 resources, 57P shutdown and cancel, 28 log-in, 3D no such database, 25006 read-only after failover.
 */
const SQLSTATE = /^(08...|53...|57P..|57014|58...|28...|3D000|25006|XX...)$/;
const SOCKET =
  /^(ECONN[A-Z]*|E[A-Z]*UNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|ENETDOWN|ENOENT|EADDRNOTAVAIL|ENOBUFS)$/;
/** pg and its pool throw these without a code. */
const MESSAGE =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|not queryable|connection error|end on the pool|connection is closed|server does not support ssl/i;

/** Of those above, what stays as it is until somebody changes a setting. */
const SETTINGS_AT_FAULT = /^(28...|3D000|25006)$/;

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
const UNIQUE_VIOLATION = '23505';
/** PostgreSQL cannot hold U+0000 in text. */
const UNTRANSLATABLE_CHARACTER = '22021';

/** An error of pg → what the rest of storage understands. Anything else is a fault of ours and stays as it is. */
export function translatePostgresFailure(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (error instanceof PasswordCommandFailed) return databaseUnavailable(error);
  const { code, constraint } = error as Error & { code?: unknown; constraint?: unknown };
  if (typeof code === 'string') {
    if (code === UNIQUE_VIOLATION) return new UniqueViolation(String(constraint), error);
    if (code === SERIALIZATION_FAILURE || code === DEADLOCK) return new TransactionConflict(error);
    if (code === UNTRANSLATABLE_CHARACTER) return unstorableText(error);
    if (SQLSTATE.test(code) || SOCKET.test(code)) return databaseUnavailable(error);
  }
  return MESSAGE.test(error.message) ? databaseUnavailable(error) : error;
}

const CUT = /^(57P01|57P02|ECONNRESET|EPIPE)$/;
const CUT_MESSAGE = /connection terminated|not queryable|connection is closed|connection error/i;

/** The connection was ended by the other side, or by something between; an answer that is late is something else. */
export function wasCut(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as Error & { code?: unknown };
  return typeof code === 'string' ? CUT.test(code) : CUT_MESSAGE.test(error.message);
}

/** Of a failure as `translatePostgresFailure` has made it: was the connection cut? */
export function isOfCutConnection(failure: unknown): boolean {
  return failure instanceof GatewayError && failure.code === 'database_unavailable' && wasCut(failure.cause);
}

/**
 * Of a failed start: why PostgreSQL could not be reached, in a word without secrets. Undefined where that was not the
 * reason, and where waiting would not help, as with a wrong password or the name of a database that there is not.
 */
export function findWhyUnreachable(error: unknown): string | undefined {
  if (!(error instanceof GatewayError) || error.code !== 'database_unavailable') return undefined;
  const { cause } = error;
  if (!(cause instanceof Error)) return undefined;
  const { code } = cause as Error & { code?: unknown };
  if (typeof code === 'string') {
    return !SETTINGS_AT_FAULT.test(code) && (SQLSTATE.test(code) || SOCKET.test(code)) ? code : undefined;
  }
  return /terminated|timeout/i.test(cause.message) ? 'no answer in time' : undefined;
}
