/**
 * OTLP over HTTP in its JSON form: attributes, ids and times as that form writes them. Everything here comes from the
 * record alone, so a repeat of a batch is the same spans again, which backends store once.
 */
import { createHash } from 'node:crypto';

type AttributeValue =
  | { stringValue: string }
  | { intValue: string }
  | { doubleValue: number }
  | { boolValue: boolean }
  | { arrayValue: { values: { stringValue: string }[] } };

export interface Attribute {
  key: string;
  value: AttributeValue;
}

/** Null and undefined are left out; whole numbers are integers. */
export function toAttributes(values: Readonly<Record<string, unknown>>): Attribute[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const written = toValue(value);
    return written === null ? [] : [{ key, value: written }];
  });
}

function toValue(value: unknown): AttributeValue | null {
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'number':
      if (!Number.isFinite(value)) return null;
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    default:
      if (value === null || value === undefined) return null;
      if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
        return { arrayValue: { values: value.map((item) => ({ stringValue: item })) } };
      }
      return { stringValue: JSON.stringify(value) };
  }
}

/** 32 hexadecimal digits: the client's own trace where it is one, else made from its name. */
export function toTraceId(name: string): string {
  const hex = name.replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(hex) && !/^0+$/.test(hex) ? hex : digest(name, 32);
}

/** 16 hexadecimal digits. */
export function toSpanId(name: string): string {
  return digest(name, 16);
}

/** Seconds since 1970 → nanoseconds as a decimal text, as 64-bit numbers are written. */
export function toUnixNano(seconds: number): string {
  return String(BigInt(Math.round(seconds * 1_000_000)) * 1_000n);
}

/** What sends: `service.name`, `OTEL_SERVICE_NAME`'s word. */
export function toResource(serviceName: string): { attributes: Attribute[] } {
  return { attributes: toAttributes({ 'service.name': serviceName }) };
}

export const SCOPE = { name: 'latchkey' };

function digest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
