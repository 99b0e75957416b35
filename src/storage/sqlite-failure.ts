import { databaseUnavailable } from './database-unavailable.ts';
import { UniqueViolation } from './unique-violation.ts';
import { unstorableText } from './unstorable-text.ts';

/** SQLite's own words for a file that is locked, unreadable, full or damaged; the driver passes on no codes. */
const UNAVAILABLE = [
  'database is locked',
  'database table is locked',
  'database schema is locked',
  'out of memory',
  'attempt to write a readonly database',
  'disk I/O error',
  'database disk image is malformed',
  'database or disk is full',
  'unable to open database',
  'locking protocol',
  'file is not a database',
];
/** Said by the worker. */
const TEXT_WITH_NUL = 'text with U+0000';
const UNIQUE = /^UNIQUE constraint failed: (.+)$/;

/** A message of SQLite → what the rest of storage understands. Anything else is a fault of ours and stays an Error. */
export function translateSqliteFailure(message: string): Error {
  const target = UNIQUE.exec(message)?.[1];
  if (target !== undefined) return new UniqueViolation(target, message);
  const failure = new Error(message);
  if (message === TEXT_WITH_NUL) return unstorableText(failure);
  return UNAVAILABLE.some((known) => message.startsWith(known)) ? databaseUnavailable(failure) : failure;
}
