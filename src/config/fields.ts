/**
 * The kinds of values that settings have. All are lenient in form (`"300"` is a number, as a value from the environment
 * has to be) and strict in meaning; `null` means "not given". Messages say what is expected, never what was found.
 */
import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import { parseJson } from '../core/json.ts';

/** A value that `parse` turns into a `T`; undefined from it means that the value is not one. */
function field<T>(expected: string, parse: (value: unknown) => T | undefined) {
  return z.unknown().transform((value, context): T => {
    const parsed = parse(value);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });
}

/** A setting that may be left out, or be null: then null. */
export function optional<S extends z.ZodType>(schema: S) {
  return schema.nullish().transform((value) => value ?? null);
}

/** A setting that has to be there. */
export function required<T>(schema: z.ZodType<T>) {
  const present = z.unknown().transform((value, context): unknown => {
    if (value !== undefined && value !== null) return value;
    context.addIssue({ code: 'custom', message: 'is missing' });
    return z.NEVER;
  });
  return present.pipe<z.ZodType<T, unknown>>(schema as z.ZodType<T, unknown>);
}

/** A text that is not empty. Numbers are accepted as they are written (`api_version: 1`). */
export const text = field('a string', (value) => {
  if (typeof value === 'string' && value.trim() !== '') return value;
  return typeof value === 'number' ? String(value) : undefined;
});

/** `true`, `yes`, `on`, `1` and their opposites. */
export const flag = field('true or false', (value) => {
  if (typeof value === 'boolean') return value;
  const word = String(value).trim().toLowerCase();
  if (['true', 'yes', 'on', '1'].includes(word)) return true;
  return ['false', 'no', 'off', '0'].includes(word) ? false : undefined;
});

/** A whole number from `least` upwards. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return field(`a whole number ${range}`, (value) => {
    const number = toNumber(value);
    return number !== undefined && Number.isSafeInteger(number) && number >= least && number <= most
      ? number
      : undefined;
  });
}

/** Any number. */
export const number = field('a number', toNumber);

/** A number that is not negative. */
export const decimal = field('a number of at least 0', (value) => {
  const number = toNumber(value);
  return number !== undefined && number >= 0 ? number : undefined;
});

/** Seconds, in milliseconds. 0 is no length of time. */
export const seconds = field('a number of seconds above 0', (value) => {
  const number = toNumber(value);
  // A timer takes no more than 31 bits of milliseconds.
  return number !== undefined && number > 0 && number <= 2_147_483 ? Math.max(1, Math.round(number * 1000)) : undefined;
});

/** A length of time as `30s`, `15m`, `24h`, `7d`, `2w` or `1mo`; kept as text. */
export const duration = field('a duration such as 30s, 15m, 24h, 7d or 1mo', (value) =>
  typeof value === 'string' && parseDuration(value.trim()) !== undefined ? value.trim() : undefined,
);

/** One of a few words. */
export function choice<const W extends string>(words: readonly W[]) {
  return field(`one of ${words.join(', ')}`, (value) => words.find((word) => word === value));
}

/** An http or https address without credentials in it; a trailing slash is dropped. */
export const httpUrl = field('an http:// or https:// address without user name and password', (value) => {
  if (typeof value !== 'string' || !URL.canParse(value.trim())) return undefined;
  const url = new URL(value.trim());
  const acceptable = ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
  return acceptable ? value.trim().replace(/\/+$/, '') : undefined;
});

/** A list of texts; one text alone is a list of one. */
export const textList = z.preprocess(
  (value) => (typeof value === 'string' ? [value] : value),
  z.array(text, { error: 'expected a list of strings' }),
);

/** `a,b`: texts with commas between them. */
export const commaList = field('texts with commas between them', (value) => {
  const parts = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : [];
  return parts.length > 0 && parts.every((part) => part !== '') ? parts : undefined;
});

/** Where a gateway stands below a host: `/`, `/a` or `/a/b`; kept without a slash at its end, so `/` is the empty text. */
export const rootPath = field('a path such as /, /gateway or /a/b', (value) => {
  if (typeof value !== 'string') return undefined;
  const path = value.trim().replace(/\/+$/, '');
  return /^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$/.test(path) ? path : undefined;
});

/** Names and texts. */
export const textMap = z.record(z.string(), text, { error: 'expected a map of names and strings' });

/** Any map. */
export const anyMap = z.record(z.string(), z.json(), { error: 'expected a map' });

/** Also `20_000`, which YAML 1.1 readers take for a number. */
function toNumber(value: unknown): number | undefined {
  const number =
    typeof value === 'string' && value.trim() !== '' ? Number(value.replace(/(?<=\d)_(?=\d)/g, '')) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** The address of a Redis or Valkey. It may hold a password, so no message repeats it. */
export const redisUrl = field('an address that begins with redis:// or rediss://', (value) =>
  typeof value === 'string' && /^rediss?:\/\/./.test(value) && URL.canParse(value) ? value : undefined,
);

/** The address of a database. It may hold a password, so no message repeats it. */
export const databaseUrl = field(
  'an address such as postgresql://USER:PASSWORD@HOST:5432/DATABASE (of one host; special characters of the password ' +
    'percent-encoded: @ is %40, / is %2F, # is %23), sqlite:PATH or file:PATH',
  (value) => {
    if (typeof value !== 'string') return undefined;
    const form = /^(postgres(?:ql)?:\/\/|sqlite:|file:)./.exec(value)?.[1];
    return form !== undefined && (!form.startsWith('postgres') || isPostgresUrl(value)) ? value : undefined;
  },
);

/** The driver takes one without a host, and with a user all the same, which `URL` does not. */
function isPostgresUrl(value: string): boolean {
  const text = value.replace('@/', '@localhost/');
  return URL.canParse(text) && !new URL(text).hostname.includes(',');
}

interface Node {
  host: string;
  port: number;
}

/** Where several servers are, as LiteLLM writes them: `{host, port}` or `[host, port]` each; or the list as JSON. */
export function nodeList(defaultPort: number) {
  return field('a list of {host, port}', (value): Node[] | undefined => {
    const list = typeof value === 'string' ? parseJson(value) : value;
    if (!Array.isArray(list) || list.length === 0) return undefined;
    const nodes = list.map((one) => toNode(one, defaultPort));
    return nodes.every((node) => node !== undefined) ? nodes : undefined;
  });
}

function toNode(value: unknown, defaultPort: number): Node | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const [host, given] = Array.isArray(value) ? value : [Reflect.get(value, 'host'), Reflect.get(value, 'port')];
  const port = toNumber(given ?? defaultPort);
  if (typeof host !== 'string' || host.trim() === '') return undefined;
  return port !== undefined && Number.isInteger(port) && port >= 1 && port <= 65_535
    ? { host: host.trim(), port }
    : undefined;
}
