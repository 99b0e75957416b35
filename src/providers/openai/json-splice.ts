/**
 * Changes top-level members of a JSON object and leaves every other byte alone: 1.0 stays 1.0, integers beyond 2^53
 * stay exact, unknown and repeated members stay where they are. Strings are skipped by searching for their end, so the
 * length of a prompt hardly matters.
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

/** Told of each member in turn, in an object that is the same each time; true stops the scan. */
export type MemberVisitor = (member: Readonly<JsonMember>) => boolean;

/** What a scan came to: the index of the closing brace, STOPPED by the visitor, or MALFORMED. */
export const STOPPED = -1;
export const MALFORMED = -2;

/**
 * Walks the top-level members of a JSON object, given as a Latin-1 view of its bytes: one character for one byte, so
 * that places in the text are places in the buffer and nothing has to be decoded. Values are skipped, not checked, beyond
 * their brackets and quotes; a text that does not begin and end as an object, or is cut short, is MALFORMED.
 */
export function scanMembers(text: string, visit: MemberVisitor): number {
  const open = skipSpace(text, 0);
  if (text.charCodeAt(open) !== OPEN_BRACE) return MALFORMED;
  const member: JsonMember = { name: '', start: 0, valueStart: 0, valueEnd: 0, end: 0 };
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
    member.name = readName(text, at, nameEnd);
    member.start = start;
    member.valueStart = valueStart;
    member.valueEnd = valueEnd;
    member.end = end;
    if (visit(member)) return STOPPED;
    if (next === CLOSE_BRACE) return isEnd(text, end + 1) ? end : MALFORMED;
    start = end + 1;
    at = skipSpace(text, start);
  }
}

/**
 * Sets each member named in `changes`, or removes it where the value is undefined; names that the body does not have
 * are added at the end. Repeated members are all changed, so that no reader can see an old value. `body` must have
 * passed JSON.parse as an object.
 */
export function spliceMembers(body: Buffer, changes: Readonly<Record<string, unknown>>): Buffer {
  const changed = Object.entries(changes);
  if (changed.length === 0) return body;
  const values = new Map(changed.map(([name, value]) => [name, JSON.stringify(value)]));
  const text = body.toString('latin1');
  const missing = new Set(values.keys());
  const parts: Buffer[] = [];
  const add = (...pieces: (Buffer | string)[]): void => {
    if (parts.length > 0) parts.push(COMMA_BYTES);
    for (const piece of pieces) parts.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
  };
  let keptStart = -1;
  let keptEnd = -1;
  const flush = (): void => {
    if (keptStart >= 0) add(body.subarray(keptStart, keptEnd));
    keptStart = -1;
  };
  const close = scanMembers(text, ({ name, start, valueStart, valueEnd, end }) => {
    if (!values.has(name)) {
      if (keptStart < 0) keptStart = start;
      keptEnd = end;
      return false;
    }
    flush();
    missing.delete(name);
    const value = values.get(name);
    if (value !== undefined) add(body.subarray(start, valueStart), value, body.subarray(valueEnd, end));
    return false;
  });
  if (close < 0) throw new TypeError('spliceMembers needs the text of a JSON object');
  flush();
  for (const name of missing) {
    const value = values.get(name);
    if (value !== undefined) add(`${JSON.stringify(name)}:${value}`);
  }
  return Buffer.concat([body.subarray(0, text.indexOf('{') + 1), ...parts, body.subarray(close)]);
}

const COMMA_BYTES = Buffer.from(',');
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
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
  const endOfNumbers = createNumberListSkipper(text);
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = skipString(text, at);
      if (at === MALFORMED) return MALFORMED;
      continue;
    }
    if (code === OPEN_BRACKET) {
      const end = isNumberStart(text.charCodeAt(at + 1)) ? endOfNumbers(at + 1) : -1;
      if (end < 0) depth += 1;
      else at = end;
    } else if (code === OPEN_BRACE) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return MALFORMED;
}

function isNumberStart(code: number): boolean {
  return code === MINUS || (code >= DIGIT_0 && code <= DIGIT_9);
}

/**
 * Embeddings and lists of tokens are long, and nothing but numbers. Tells where the list that begins before `start` is
 * closed, or -1 where something else opens in it first. Asked about places in rising order, it remembers what it found
 * behind them, so that all its searches together read the text once for each character sought.
 */
function createNumberListSkipper(text: string): (start: number) => number {
  const found = { ']': -1, '"': -1, '[': -1, '{': -1 };
  const next = (sought: keyof typeof found, start: number): number => {
    if (found[sought] < start) {
      const at = text.indexOf(sought, start);
      found[sought] = at < 0 ? text.length : at;
    }
    return found[sought];
  };
  return (start) => {
    const close = next(']', start);
    const isOnlyNumbers = close < next('"', start) && close < next('[', start) && close < next('{', start);
    return isOnlyNumbers && close < text.length ? close : -1;
  };
}

/** Escapes in a name (`mod\u0065l`) count as what they stand for. A name with a broken escape is taken as it stands. */
function readName(text: string, start: number, end: number): string {
  return readString(text, start, end) ?? Buffer.from(text.slice(start + 1, end - 1), 'latin1').toString('utf8');
}

/** What the JSON string at that place stands for; null where there is none, or a broken one. */
export function readString(text: string, start: number, end: number): string | null {
  if (text.charCodeAt(start) !== QUOTE) return null;
  if (isPlain(text, start + 1, end - 1)) return text.slice(start + 1, end - 1);
  try {
    return JSON.parse(Buffer.from(text.slice(start, end), 'latin1').toString('utf8')) as string;
  } catch {
    return null;
  }
}

/** Printable ASCII without the backslash: the same in every encoding. */
function isPlain(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code > 0x7e || code === BACKSLASH) return false;
  }
  return true;
}
