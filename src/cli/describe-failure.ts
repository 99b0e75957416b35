/**
 * A failure in one sentence, and in a second one, where it is the database that cannot be reached, what the database or the
 * network said: a password that is wrong has to be told from a server that is not there.
 */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, code } = error as Error & { code?: unknown };
  if (code !== 'database_unavailable' || !(cause instanceof Error)) return error.message;
  const reason = cause.message === '' ? String((cause as { code?: unknown }).code) : cause.message;
  return `${error.message} The reason: ${reason}`;
}
