import { isDrawnByLot } from './secret-fields.ts';

/** What of a request may come back in the words of whoever was asked. */
export interface SentRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  /** A body of the type `application/x-www-form-urlencoded`; the values in it count as credentials. */
  form?: string | undefined;
}

const PUT_INSTEAD = '[redacted]';
/** A part of a credential that is at least so long is hidden too: many quote the beginning of what they refuse. */
const PART_LENGTH = 8;
/** Shorter values would be found in innocent words. */
const MIN_LENGTH = 4;

/** Headers that everybody may see. Whatever else a request says may be a credential: their names are anybody's choice. */
const OPEN_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'idempotency-key',
  'user-agent',
  'x-amz-content-sha256',
  'x-amz-date',
]);

/**
 * Takes out of an answer's words whatever credentials the request came with: in headers, in its address and in a form,
 * as they were sent, escaped for JSON or for an address, decoded (Basic), in another case, and in part. So an error may be
 * shown to people who must not know how the request was authorized.
 */
export function hideEchoes(text: string, sent: SentRequest): string {
  if (text === '') return text;
  const seen = inLowerCase(text);
  const hidden = new Uint8Array(text.length);
  for (const secret of new Set([...secretsOf(sent)].flatMap(spellingsOf))) mark(seen, secret, hidden);
  return replaceMarked(text, hidden);
}

function* secretsOf({ url, headers, form }: SentRequest): Generator<string> {
  for (const [name, value] of Object.entries(headers)) {
    if (!OPEN_HEADERS.has(name.toLowerCase())) yield* secretsInHeader(value);
  }
  if (URL.canParse(url)) yield* secretsInUrl(new URL(url));
  for (const [, value] of new URLSearchParams(form)) yield value;
}

function* secretsInHeader(value: string): Generator<string> {
  const words = value.split(/\s+/);
  // What comes first of several is the scheme, which is no secret, and it may be a common word.
  if (words.length === 1) yield value;
  for (const word of words.slice(1)) yield word;
  const basic = /^basic\s+(\S+)$/i.exec(value)?.[1];
  if (basic !== undefined) yield* secretsInPair(Buffer.from(basic, 'base64').toString('utf8'));
}

function* secretsInUrl({ username, password, pathname, search, searchParams }: URL): Generator<string> {
  if (username !== '' || password !== '') {
    const pair = `${decoded(username)}:${decoded(password)}`;
    yield Buffer.from(pair).toString('base64');
    yield* secretsInPair(pair);
  }
  for (const [, value] of searchParams) yield value;
  yield search;
  // Of a path only what looks drawn by lot: the rest (a bucket, the name of an object) is what an error is about.
  for (const part of pathname.split('/')) {
    if (isDrawnByLot(part)) yield part;
  }
}

function* secretsInPair(pair: string): Generator<string> {
  const end = pair.indexOf(':');
  yield pair;
  yield pair.slice(end + 1);
}

function spellingsOf(secret: string): string[] {
  if (secret.length < MIN_LENGTH) return [];
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, inJson, inJson.replaceAll('/', '\\/'), encodeURIComponent(secret)].map(inLowerCase);
}

/** Marks where a text has the secret or, of a long one, any part of it. */
function mark(text: string, secret: string, hidden: Uint8Array): void {
  const length = Math.min(secret.length, PART_LENGTH);
  const parts = new Set<string>();
  for (let at = 0; at + length <= secret.length; at += 1) parts.add(secret.slice(at, at + length));
  for (let at = 0; at + length <= text.length; at += 1) {
    if (parts.has(text.slice(at, at + length))) hidden.fill(1, at, at + length);
  }
}

function replaceMarked(text: string, hidden: Uint8Array): string {
  let clean = '';
  let from = 0;
  for (let at = hidden.indexOf(1); at !== -1; at = hidden.indexOf(1, from)) {
    const end = hidden.indexOf(0, at);
    clean += text.slice(from, at) + PUT_INSTEAD;
    from = end === -1 ? text.length : end;
  }
  return clean + text.slice(from);
}

/** Of ASCII only, so that places stay what they are. */
function inLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
