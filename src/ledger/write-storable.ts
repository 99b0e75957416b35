import type { JsonBytes } from '../core/json-bytes.ts';
import { cutName } from '../core/rollup-names.ts';

/** Longer names than this fit no database index; see `writeStorable`. */
const MAX_NAME_CHARS = 512;

/** In Unicode mode a surrogate matches only when it has lost its other half. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu;

/** What indexes are made of. */
const NAMES = ['model', 'modelGroup', 'endUser', 'userId', 'teamId', 'organizationId', 'responseId'] as const;

type Named = { tags: readonly string[] } & Partial<Record<(typeof NAMES)[number], string | null>>;

/**
 * Writes a record so that every database takes it, and returns it as it was written. PostgreSQL refuses NUL and half surrogate
 * pairs in text and long values in an index, and a caller can put all of these into a model name, a user or a tag. A call must
 * not go unbilled for that: such characters become U+FFFD, and long names are cut.
 */
export function writeStorable<R extends Named>(
  out: JsonBytes,
  record: R,
  write: (out: JsonBytes, record: R) => void,
): R {
  const start = out.end;
  out.hasUnicodeEscapes = false;
  write(out, record);
  if (!out.hasUnicodeEscapes && !hasLongName(record)) return record;
  const mended = toWellFormed(cutNames(record)) as R;
  out.end = start;
  write(out, mended);
  return mended;
}

/** Spelled out: a loop over names is slow for two kinds of records. */
function hasLongName(record: Named): boolean {
  return (
    isLong(record.model) ||
    isLong(record.modelGroup) ||
    isLong(record.endUser) ||
    isLong(record.userId) ||
    isLong(record.teamId) ||
    isLong(record.organizationId) ||
    isLong(record.responseId) ||
    (record.tags.length > 0 && record.tags.some(isLong))
  );
}

function isLong(name: string | null | undefined): boolean {
  return typeof name === 'string' && name.length > MAX_NAME_CHARS;
}

function cutNames<R extends Named>(record: R): R {
  const cut = { ...record, tags: record.tags.map((tag) => cutName(tag, MAX_NAME_CHARS)) };
  for (const name of NAMES) {
    const value = record[name];
    if (typeof value === 'string') Object.assign(cut, { [name]: cutName(value, MAX_NAME_CHARS) });
  }
  return cut;
}

function toWellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(UNSTORABLE, '\uFFFD');
  if (Array.isArray(value)) return value.map(toWellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [toWellFormed(name), toWellFormed(inner)]));
}
