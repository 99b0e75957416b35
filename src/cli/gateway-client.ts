/** Requests to a running gateway, and its refusals as sentences. */
import { ENVIRONMENT_NAMES } from '../config/env.ts';
import { CliError, type CliIo } from './cli-io.ts';

export interface GatewayAddress {
  url?: string | undefined;
  apiKey?: string | undefined;
}

type Query = Readonly<Record<string, string | number | undefined>>;

export interface GatewayClient {
  readonly url: string;
  /** The answer's JSON. Throws a CliError with the gateway's own words when it refuses. */
  get(path: string, query?: Query): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  /** An answer of any size as text, handed on piece by piece. Throws as the others do, and when it ends early. */
  download(path: string, query: Query, take: (text: string) => Promise<void>): Promise<void>;
  /** The status of a path that needs no key. Throws GatewayUnreachable when nobody answers. */
  probe(path: string): Promise<number>;
}

/** The gateway has answered, and not with what was asked for. */
export class GatewayRefused extends CliError {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Nobody answers at the address. */
export class GatewayUnreachable extends CliError {}

const DEFAULT_URL = 'http://127.0.0.1:4000';

/** Flags come before `LATCHKEY_URL`, `LATCHKEY_API_KEY` and the master key's variables. */
export function createGatewayClient(io: CliIo, address: GatewayAddress): GatewayClient {
  const { settings } = io.environment;
  const url = parseUrl(address.url ?? settings.url ?? DEFAULT_URL);
  const apiKey = address.apiKey ?? settings.apiKey ?? settings.masterKey ?? settings.sharedMasterKey;

  async function request<T>(path: string, init: RequestInit, read: (response: Response) => Promise<T>): Promise<T> {
    try {
      return await read(await io.fetch(url + path, { ...init, redirect: 'error' }));
    } catch (cause) {
      if (cause instanceof CliError) throw cause;
      throw new GatewayUnreachable(describeUnreachable(url, cause), 1, { cause });
    }
  }

  function authorize(): Record<string, string> {
    if (apiKey !== null) return { authorization: `Bearer ${apiKey}` };
    throw new CliError(
      `No key to call the gateway with: set ${ENVIRONMENT_NAMES.apiKey} (or ${ENVIRONMENT_NAMES.masterKey}), or give --api-key.`,
      2,
    );
  }

  async function send(method: 'GET' | 'POST', path: string, body?: string): Promise<unknown> {
    const headers = { ...authorize(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const init = { method, headers, ...(body === undefined ? {} : { body }) };
    const { response, text } = await request(path, init, async (answered) => ({
      response: answered,
      text: await answered.text(),
    }));
    const answer = parseJson(text);
    if (!response.ok) throw new GatewayRefused(response.status, describeRefusal(response.status, answer));
    if (answer === undefined) throw new CliError(`${url} answers, but not with JSON: is it a Latchkey gateway?`);
    return answer;
  }

  return {
    url,
    get: (path, query = {}) => send('GET', addQuery(path, query)),
    post: (path, body) => send('POST', path, JSON.stringify(body)),
    download: (path, query, take) =>
      request(addQuery(path, query), { headers: authorize() }, async (response) => {
        if (!response.ok) throw new CliError(describeRefusal(response.status, parseJson(await response.text())));
        await takeText(response, take);
      }),
    probe: (path) =>
      request(path, { method: 'GET' }, async (response) => {
        await response.text();
        return response.status;
      }),
  };
}

function addQuery(path: string, query: Query): string {
  const given: [string, string][] = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

async function takeText(response: Response, take: (text: string) => Promise<void>): Promise<void> {
  const decoder = new TextDecoder();
  try {
    for await (const bytes of response.body ?? []) await take(decoder.decode(bytes, { stream: true }));
  } catch (cause) {
    throw new CliError('The answer ended early: what came of it is not all.', 1, { cause });
  }
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new CliError(
      "The gateway's address has to be an http:// or https:// address without user name and password.",
      2,
    );
  }
  return text.replace(/\/+$/, '');
}

function describeUnreachable(url: string, error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const why = code === 'ENOTFOUND' ? 'There is no such host' : 'No gateway answers';
  return `${why} at ${url}. Start one with \`latchkey serve\`, or name another with --url or ${ENVIRONMENT_NAMES.url}.`;
}

function describeRefusal(status: number, answer: unknown): string {
  const error = isRecord(answer) && isRecord(answer.error) ? answer.error : {};
  const message = typeof error.message === 'string' ? error.message.replace(/\s+/g, ' ') : 'no reason given';
  return `The gateway refused with ${status}: ${message}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Narrows to a plain object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An answer that has to be a list of objects. */
export function toRecords(answer: unknown): Record<string, unknown>[] {
  return Array.isArray(answer) ? answer.filter(isRecord) : [];
}
