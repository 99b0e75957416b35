/**
 * Pieces of JSON for lines that every call writes. A general serialiser looks at each value anew and takes three times
 * as long; here names that come again and again (keys, owners, models, deployments) are quoted once.
 */
import type { JsonObject } from './json.ts';

/** What needs no escapes. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

const MAX_KEPT = 4_096;
const MAX_KEPT_CHARS = 256;
/** Emptied when it is full: what is still in use comes back with the next call. */
const kept = new Map<string, string>();

/** A text that is different each time, or seldom the same. */
export function quote(text: string | null): string {
  if (text === null) return 'null';
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** A text that many calls have in common. */
export function quoteName(text: string | null): string {
  if (text === null) return 'null';
  const known = kept.get(text);
  if (known !== undefined) return known;
  const quoted = quote(text);
  if (text.length > MAX_KEPT_CHARS) return quoted;
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(text, quoted);
  return quoted;
}

/** As JSON has it: what is no number becomes null. */
export function numberText(value: number | null): string {
  return value === null || !Number.isFinite(value) ? 'null' : String(value);
}

export function namesText(names: readonly string[]): string {
  return names.length === 0 ? '[]' : `[${names.map(quoteName).join(',')}]`;
}

export function objectText(object: JsonObject): string {
  for (const _name in object) return JSON.stringify(object);
  return '{}';
}
