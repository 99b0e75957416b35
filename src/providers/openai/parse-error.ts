import { isJsonObject, parseJson } from '../../core/json.ts';
import { redactSecrets } from './redact-secrets.ts';

/** An upstream's refusal in our envelope's terms. Bounded, one line of it per field, and without credentials. */
export interface UpstreamErrorDetails {
  message: string;
  type: string | null;
  param: string | null;
  code: string | null;
}

const MAX_MESSAGE_LENGTH = 2_000;
const MAX_FIELD_LENGTH = 200;
/** Deep enough for an error that carries another gateway's error as its message. */
const MAX_DEPTH = 8;

/**
 * The body of an upstream's error, whatever its form: OpenAI's envelope, a bare `message`, FastAPI's `detail`, lists of
 * errors, JSON inside a message, HTML of a proxy in between, plain text, nothing at all.
 *
 * @param secrets texts to remove wherever they stand, beyond all that looks like a credential
 */
export function parseError(status: number, body: Buffer, secrets: readonly string[]): UpstreamErrorDetails {
  const found = findError(body.toString('utf8'));
  const message = found === null ? '' : tidy(found.message, MAX_MESSAGE_LENGTH, secrets);
  return {
    message: message === '' ? `HTTP status ${status} without a message` : message,
    type: found === null ? null : field(found.type, secrets),
    param: found === null ? null : field(found.param, secrets),
    code: found === null ? null : field(found.code, secrets),
  };
}

/** The message of an error object inside a stream; null when the value is no error. */
export function describeStreamError(value: unknown): string | null {
  if (!isJsonObject(value)) return null;
  if ((value.error ?? null) === null && value.object !== 'error') return null;
  const found = describe(value, 0);
  const message = found === null ? '' : tidy(found.message, MAX_MESSAGE_LENGTH, []);
  return message === '' ? 'The upstream reported an error without a message' : message;
}

/** The payload of such an event told again in our envelope, where a credential stands in it; null where none does. */
export function redactStreamError(payload: string, secrets: readonly string[]): string | null {
  if (redactSecrets(payload, secrets) === payload) return null;
  return JSON.stringify({ error: parseError(200, Buffer.from(payload), secrets) });
}

interface Found {
  message: string;
  type?: unknown;
  param?: unknown;
  code?: unknown;
}

function findError(text: string): Found | null {
  const trimmed = text.trim();
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) {
    const parsed = parseJson(trimmed);
    if (parsed !== undefined) return describe(parsed, 0);
  }
  return trimmed === '' ? null : { message: trimmed.startsWith('<') ? readHtml(trimmed) : trimmed };
}

function describe(value: unknown, depth: number): Found | null {
  if (depth > MAX_DEPTH) return null;
  if (typeof value === 'string') return describeText(value, depth);
  if (Array.isArray(value)) {
    const found = value.map((one) => describe(one, depth + 1)).filter((one) => one !== null);
    const [first] = found;
    return first === undefined ? null : { ...first, message: found.map(({ message }) => message).join('; ') };
  }
  if (!isJsonObject(value)) return null;
  for (const name of ['error', 'errors', 'detail', 'message', 'msg', 'error_description', 'title']) {
    const inner = value[name] === undefined ? null : describe(value[name], depth + 1);
    if (inner === null || inner.message.trim() === '') continue;
    // What stands closest to the message says most about it.
    const { type, param, code } = value;
    return { message: inner.message, type: inner.type ?? type, param: inner.param ?? param, code: inner.code ?? code };
  }
  return null;
}

function describeText(text: string, depth: number): Found {
  const start = text.trimStart();
  const parsed = start.startsWith('{') ? parseJson(start) : undefined;
  return (parsed === undefined ? null : describe(parsed, depth + 1)) ?? { message: text };
}

/** The title of an error page, else its text. */
function readHtml(html: string): string {
  const page = html.slice(0, 8_000);
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(page)?.[1]?.trim();
  if (title) return title;
  return page.replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ');
}

function field(value: unknown, secrets: readonly string[]): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = tidy(String(value), MAX_FIELD_LENGTH, secrets);
  return text === '' ? null : text;
}

/** Secrets go before the cut, so that none is left in half. */
function tidy(text: string, maxLength: number, secrets: readonly string[]): string {
  const clean = redactSecrets(text.slice(0, 64 * 1024), secrets)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    .replace(/[\u0000-\u001f\u007f\s]+/g, ' ')
    .trim();
  return clean.length <= maxLength ? clean : `${clean.slice(0, maxLength)}…`;
}
