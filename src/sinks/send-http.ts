/**
 * The way out for all sinks: the only code that sends a sink's requests, so that what holds for all of them (time limits,
 * no redirects, which addresses may be reached) is decided in one place.
 */
import type { LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { hideEchoes } from '../core/hide-echoes.ts';
import { assertReachableHost, createGuardedLookup, type EgressRules } from './egress-guard.ts';
import { SinkError } from './sink.ts';

export interface SinkRequest {
  url: string;
  method: 'POST' | 'PUT' | 'GET' | 'DELETE';
  headers: Readonly<Record<string, string>>;
  body: string | Buffer | null;
}

export interface SinkAnswer {
  status: number;
  /** At most the first 64 KiB. In a refusal, none of the credentials that were sent stands in it any more. */
  text: string;
  /** Lower-case names; of repeated ones the first. */
  headers: Readonly<Record<string, string>>;
}

/** Resolves with whatever is answered, refusals included. @throws SinkError (later) when there is no answer. */
export type SendHttp = (request: SinkRequest) => Promise<SinkAnswer>;

export interface HttpOutlet {
  /** To addresses that the operator has named. */
  send: SendHttp;
  /** To addresses that somebody else has named: nothing that only this machine, or its network, can reach. */
  sendGuarded: SendHttp;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Until the whole answer is there. */
const ANSWER_TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_SOCKETS_PER_ORIGIN = 32;

/** Sockets are shared by all sinks and kept open between batches. Redirects are answers like others: not followed. */
export function createHttpOutlet(rules: EgressRules): HttpOutlet {
  const open = createAgent({});
  const guarded = createAgent({ lookup: createGuardedLookup(rules) });
  const sendGuarded = sendBy(guarded);
  return {
    send: sendBy(open),
    sendGuarded: async (request) => {
      assertReachableHost(request.url, rules);
      return sendGuarded(request);
    },
    close: async () => {
      await Promise.all([open.destroy(), guarded.destroy()]);
    },
  };
}

function createAgent(connect: { lookup?: LookupFunction }): Agent {
  return new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, ...connect },
    connections: MAX_SOCKETS_PER_ORIGIN,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
}

function sendBy(agent: Agent): SendHttp {
  return async ({ url, method, headers, body }) => {
    try {
      const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      const answer = await request(url, { method, headers: authorized(url, headers), body, dispatcher: agent, signal });
      const text = await readBeginning(answer.body);
      const { statusCode: status } = answer;
      // Before anybody shortens it: what is left of a credential would not be known for one.
      const said = isTaken(status) ? text : hideEchoes(text, { url, headers, form: formIn(headers, body) });
      return { status, text: said, headers: firstValues(answer.headers) };
    } catch (error) {
      // The guard's refusal comes out of the look-up as it is.
      if (error instanceof SinkError) throw error;
      throw new SinkError('later', `${hostOf(url)} did not answer: ${reasonOf(error)}`, { cause: error });
    }
  };
}

/** Whoever is asked may answer without an end, and is not listened to any longer. */
async function readBeginning(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body) {
    parts.push(part);
    length += part.length;
    if (length >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(parts).toString('utf8', 0, MAX_ANSWER_BYTES);
}

function isTaken(status: number): boolean {
  return status >= 200 && status < 300;
}

function formIn(headers: SinkRequest['headers'], body: SinkRequest['body']): string | undefined {
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  return typeof body === 'string' && type?.startsWith('application/x-www-form-urlencoded') ? body : undefined;
}

/** User and password of an address are sent as clients do, unless there is a credential already. */
function authorized(url: string, headers: SinkRequest['headers']): SinkRequest['headers'] {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return headers;
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')) return headers;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { ...headers, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Does nothing for a success. @throws SinkError for anything else, with the beginning of what was answered. */
export function assertTaken(answer: SinkAnswer, url: string): void {
  const { status, text, headers } = answer;
  if (isTaken(status)) return;
  const said = text.trim().replace(/\s+/g, ' ').slice(0, 300);
  const message = `${hostOf(url)} answered ${status}${said === '' ? '' : `: ${said}`}`;
  // A refusal of what was sent. Other statuses are about who sends, or the address, which an operator can mend.
  const verdict = status === 400 || status === 413 || status === 422 ? 'never' : 'later';
  throw new SinkError(verdict, message, { retryAfterMs: parseRetryAfter(headers['retry-after']) });
}

/** Addresses may hold credentials in their path or query. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the address';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason is known';
  const { code } = error as NodeJS.ErrnoException;
  if (error.name === 'TimeoutError') return `no answer within ${ANSWER_TIMEOUT_MS / 1000} s`;
  return typeof code === 'string' ? code : error.name;
}

function firstValues(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return first === undefined ? [] : [[name, first]];
    }),
  );
}

function parseRetryAfter(value: string | undefined): number | undefined {
  const seconds = Number(value);
  return value === undefined || !Number.isFinite(seconds) || seconds < 0 ? undefined : seconds * 1000;
}
