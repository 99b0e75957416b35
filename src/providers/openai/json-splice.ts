/**
 * Changes top-level members of a JSON object's text and leaves every other byte alone: 1.0 stays 1.0, integers beyond
 * 2^53 stay exact, unknown and repeated members stay where they are. Strings are skipped by searching for their end,
 * so a prompt of 100 kB costs a few microseconds.
 */

/** One member of the object: where it stands in the text. Ends are exclusive. */
export interface JsonMember {
  name: string;
  /** After the `{` or the comma before it, white space included. */
  start: number;
  valueStart: number;
  valueEnd: number;
  /** At the comma or the `}` after it. */
  end: number;
}

/** Told of each member in turn; true stops the scan. */
export type MemberVisitor = (member: JsonMember) => boolean;

/** What a scan came to: the index of the closing brace, STOPPED by the visitor, or MALFORMED. */
export const STOPPED = -1;
export const MALFORMED = -2;

/**
 * Walks the top-level members of a JSON object's text. Values are skipped, not checked, beyond their brackets and
 * quotes; a text that does not begin and end as an object, or is cut short, is MALFORMED.
 */
export function scanMembers(text: string, visit: MemberVisitor): number {
  const open = skipSpace(text, 0);
  if (text.charCodeAt(open) !== OPEN_BRACE) return MALFORMED;
  let start = open + 1;
  let at = skipSpace(text, start);
  if (text.charCodeAt(at) === CLOSE_BRACE) return isEnd(text, at + 1) ? at : MALFORMED;
  for (;;) {
    if (text.charCodeAt(at) !== QUOTE) return MALFORMED;
    const nameEnd = skipString(text, at);
    if (nameEnd === MALFORMED) return MALFORMED;
    const colon = skipSpace(text, nameEnd);
    if (text.charCodeAt(colon) !== COLON) return MALFORMED;
    const valueStart = skipSpace(text, colon + 1);
    const valueEnd = skipValue(text, valueStart);
    if (valueEnd === MALFORMED) return MALFORMED;
    const end = skipSpace(text, valueEnd);
    const next = text.charCodeAt(end);
    if (next !== COMMA && next !== CLOSE_BRACE) return MALFORMED;
    if (visit({ name: readName(text, at, nameEnd), start, valueStart, valueEnd, end })) return STOPPED;
    if (next === CLOSE_BRACE) return isEnd(text, end + 1) ? end : MALFORMED;
    start = end + 1;
    at = skipSpace(text, start);
  }
}

/**
 * Sets each member named in `changes`, or removes it where the value is undefined; names that the text does not have
 * are added at the end. Repeated members are all changed, so that no reader can see an old value. `text` must have
 * passed JSON.parse as an object.
 */
export function spliceMembers(text: string, changes: Readonly<Record<string, unknown>>): string {
  const pending = new Map(Object.entries(changes).map(([name, value]) => [name, JSON.stringify(value)]));
  if (pending.size === 0) return text;
  const missing = new Set(pending.keys());
  const parts: string[] = [];
  let keptStart = -1;
  let keptEnd = -1;
  let firstStart = -1;
  const close = scanMembers(text, ({ name, start, valueStart, valueEnd, end }) => {
    if (firstStart < 0) firstStart = start;
    if (!pending.has(name)) {
      if (keptStart < 0) keptStart = start;
      keptEnd = end;
      return false;
    }
    if (keptStart >= 0) parts.push(text.slice(keptStart, keptEnd));
    keptStart = -1;
    missing.delete(name);
    const value = pending.get(name);
    if (value !== undefined) parts.push(text.slice(start, valueStart) + value + text.slice(valueEnd, end));
    return false;
  });
  if (close < 0) throw new TypeError('spliceMembers needs the text of a JSON object');
  if (keptStart >= 0) parts.push(text.slice(keptStart, keptEnd));
  for (const name of missing) {
    const value = pending.get(name);
    if (value !== undefined) parts.push(`${JSON.stringify(name)}:${value}`);
  }
  const open = firstStart < 0 ? text.indexOf('{') : firstStart - 1;
  return text.slice(0, open + 1) + parts.join(',') + text.slice(close);
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function isEnd(text: string, from: number): boolean {
  return skipSpace(text, from) >= text.length;
}

/** From an opening quote to after the closing one. */
function skipString(text: string, quote: number): number {
  for (let at = text.indexOf('"', quote + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    // An even number of backslashes escape each other, not the quote.
    if ((at - before) % 2 === 1) return at + 1;
  }
  return MALFORMED;
}

function skipValue(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === QUOTE) return skipString(text, from);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(text, from);
  let at = from;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === CLOSE_BRACE || isSpace(code)) break;
  }
  return at === from ? MALFORMED : at;
}

function skipNested(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = skipString(text, at);
      if (at === MALFORMED) return MALFORMED;
      continue;
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return MALFORMED;
}

/** Escapes in a name (`mod\u0065l`) count as what they stand for. A name with a broken escape is taken as it stands. */
function readName(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw;
  }
}
