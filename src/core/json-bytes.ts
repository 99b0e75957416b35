/**
 * JSON for lines that every call writes, straight into bytes. Putting such a line together as a text costs several times as
 * much: its hundred pieces are joined, laid out and encoded, and all of that is garbage afterwards.
 */
import type { JsonObject } from './json.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const DIGIT_0 = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;

/** Longer texts are encoded by one call, which costs more than a loop over a few characters. */
const MAX_LOOPED_CHARS = 12;
/** Integer arithmetic takes numbers below this apart. */
const BILLION = 1_000_000_000;
const POWERS_OF_TEN = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, BILLION] as const;
/** A minus, sixteen digits, a point, and a zero before it. */
const MAX_NUMBER_BYTES = 19;

/** A larger buffer is given back when it begins anew. */
const MAX_KEPT_BYTES = 1024 * 1024;
const MAX_KEPT = 4_096;
const MAX_KEPT_CHARS = 256;
/** Names in quotes. Emptied when it is full: what is still in use comes back with the next call. */
const kept = new Map<string, Uint8Array>();

/** Bytes of an ASCII text, for `JsonBytes.raw`: to be made once. */
export function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

const NULL = ascii('null');
const TRUE = ascii('true');
const FALSE = ascii('false');

/** Bytes that grow at their end. What is written is what JSON.stringify would write, or the same number in other digits. */
export class JsonBytes {
  /** Only the first `end` of these count. Another buffer takes its place when it is full. */
  bytes: Buffer;
  /** May be set back, to write over what stands behind. */
  end = 0;
  /** Becomes true when a control character or half of a surrogate pair was escaped; whoever asks sets it back before. */
  hasUnicodeEscapes = false;

  private readonly capacity: number;

  constructor(capacity = 4_096) {
    this.capacity = capacity;
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Begins anew. */
  clear(): void {
    this.end = 0;
    if (this.bytes.length > MAX_KEPT_BYTES) this.bytes = Buffer.allocUnsafeSlow(this.capacity);
  }

  /** What stands there between two places. */
  toString(start = 0, end = this.end): string {
    return this.bytes.toString('utf8', start, end);
  }

  /** As they stand. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.end);
    this.end += bytes.length;
  }

  byte(code: number): void {
    this.reserve(1);
    this.bytes[this.end++] = code;
  }

  /** In quotes and escaped; null as `null`. */
  text(text: string | null): void {
    if (text === null) {
      this.raw(NULL);
      return;
    }
    const { length } = text;
    // A UTF-16 unit becomes three bytes at most.
    this.reserve(length * 3 + 2);
    const { bytes } = this;
    let at = this.end;
    bytes[at++] = QUOTE;
    const end = at + length;
    if (length <= MAX_LOOPED_CHARS) {
      for (let index = 0; index < length; index += 1) {
        const code = text.charCodeAt(index);
        // What is no single byte would be taken for another one below.
        bytes[at++] = code > LAST_PRINTABLE ? QUOTE : code;
      }
      at -= length;
    } else if (bytes.write(text, at) !== length) {
      this.json(JSON.stringify(text));
      return;
    }
    for (; at < end; at += 1) {
      const code = bytes[at] as number;
      if (code < FIRST_PRINTABLE || code > LAST_PRINTABLE || code === QUOTE || code === BACKSLASH) {
        this.json(JSON.stringify(text));
        return;
      }
    }
    bytes[end] = QUOTE;
    this.end = end + 1;
  }

  /** A text that many calls have in common: it is encoded once. */
  name(name: string | null): void {
    if (name === null || name.length <= MAX_LOOPED_CHARS || name.length > MAX_KEPT_CHARS) {
      this.text(name);
      return;
    }
    const known = kept.get(name);
    if (known !== undefined) {
      this.raw(known);
      return;
    }
    const start = this.end;
    const hadEscapes = this.hasUnicodeEscapes;
    this.hasUnicodeEscapes = false;
    this.text(name);
    // Copied, it would not be noticed.
    if (this.hasUnicodeEscapes) return;
    this.hasUnicodeEscapes = hadEscapes;
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(name, this.copy(start));
  }

  /** A list of names. */
  names(names: readonly string[]): void {
    this.byte(OPEN_BRACKET);
    for (let index = 0; index < names.length; index += 1) {
      if (index > 0) this.byte(COMMA);
      this.name(names[index] as string);
    }
    this.byte(CLOSE_BRACKET);
  }

  boolean(value: boolean): void {
    this.raw(value ? TRUE : FALSE);
  }

  /** Null, and what is no number, as `null`. */
  number(value: number | null): void {
    this.scaled(value, 0);
  }

  /** `value` divided by ten to the power of `places` (nine at most): nano-dollars as dollars, milliseconds as seconds. */
  scaled(value: number | null, places: number): void {
    if (value === null || !Number.isFinite(value)) this.raw(NULL);
    else if (Number.isSafeInteger(value)) this.integer(value, places);
    else this.json(String(value / powerOfTen(places)));
  }

  /** @throws RangeError where it is nested too deeply */
  object(object: JsonObject): void {
    let before = OPEN_BRACE;
    for (const name in object) {
      const value = object[name];
      if (value === undefined) continue;
      this.byte(before);
      before = COMMA;
      this.text(name);
      this.byte(COLON);
      if (typeof value === 'string') this.text(value);
      else if (typeof value === 'number') this.number(value);
      else this.json(JSON.stringify(value));
    }
    if (before === OPEN_BRACE) this.byte(OPEN_BRACE);
    this.byte(CLOSE_BRACE);
  }

  /** What JSON.stringify has made, as it stands. */
  json(json: string): void {
    // A long text that turns out to be one byte per character is not to triple the buffer.
    if (this.bytes.length - this.end < json.length * 3) this.reserve(Buffer.byteLength(json));
    // A backslash of the text's own before a u counts as well: whoever asks can look closer.
    if (json.includes('\\u')) this.hasUnicodeEscapes = true;
    this.end += this.bytes.write(json, this.end);
  }

  /** What stands there between two places, once more at the end. */
  again(start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.copyWithin(this.end, start, end);
    this.end += end - start;
  }

  /** What stands there from that place on, in bytes of its own. */
  copy(start: number): Uint8Array {
    return new Uint8Array(this.bytes.subarray(start, this.end));
  }

  private integer(value: number, places: number): void {
    this.reserve(MAX_NUMBER_BYTES);
    let rest = value;
    if (rest < 0) {
      this.bytes[this.end++] = MINUS;
      rest = -rest;
    }
    const scale = powerOfTen(places);
    const whole = Math.floor(rest / scale);
    if (whole < BILLION) {
      this.digits(whole, digitCount(whole));
    } else {
      const high = Math.floor(whole / BILLION);
      this.digits(high, digitCount(high));
      this.digits(whole - high * BILLION, 9);
    }
    const fraction = rest - whole * scale;
    if (fraction === 0) return;
    this.bytes[this.end++] = POINT;
    this.digits(fraction, places);
    while (this.bytes[this.end - 1] === DIGIT_0) this.end -= 1;
  }

  /** Of a whole number below a billion, with leading zeros. There must be room. */
  private digits(value: number, count: number): void {
    const { bytes, end } = this;
    let rest = value | 0;
    for (let at = end + count - 1; at >= end; at -= 1) {
      const tens = (rest / 10) | 0;
      bytes[at] = DIGIT_0 + rest - tens * 10;
      rest = tens;
    }
    this.end = end + count;
  }

  private reserve(count: number): void {
    if (this.bytes.length - this.end >= count) return;
    const larger = Buffer.allocUnsafeSlow((this.end + count) * 2);
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
  }
}

function powerOfTen(exponent: number): number {
  return POWERS_OF_TEN[exponent] as number;
}

function digitCount(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count += 1;
  return count;
}
