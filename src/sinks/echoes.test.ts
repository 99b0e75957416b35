import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { LogDestination } from '../core/log-destination.ts';
import { fetchThrough } from './gcs/fetch-through.ts';
import { probeDestination } from './probe-destination.ts';
import { createHttpOutlet, type HttpOutlet } from './send-http.ts';
import { SinkError, wordsOf } from './sink.ts';

const SECRET = 'zq7Kp2Vx9Lm4Wn8Rt3Yb';
const SESSION = 'Sess10nT0kenOfTheStore';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const act of cleanUp.splice(0).reverse()) await act();
});

/** Answers every request with all that it was told, as a careless collector does. */
async function startEcho(answer: (told: string) => { status: number; text: string }): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { authorization = '', ...others } = request.headers;
      const basic = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString('latin1');
      const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
      const body = isForm ? Buffer.concat(parts).toString() : '';
      const told = JSON.stringify([authorization, basic, body, request.url, others]);
      const { status, text } = answer(told);
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function openOutlet(): HttpOutlet {
  const outlet = createHttpOutlet({ allowed: ['127.0.0.0/8'] });
  cleanUp.push(() => outlet.close());
  return outlet;
}

async function probe(type: string, vars: Record<string, string>, environment: Record<string, string> = {}) {
  const { send, sendGuarded } = openOutlet();
  const destination = { type, scope: 'global', ownerId: '', vars } as unknown as LogDestination;
  const deps = { send, sendGuarded, nowMs: () => 1_700_000_000_000 };
  return probeDestination(destination, { environment, openSecret: () => null, deps }, 'probe');
}

const KINDS: [type: string, (url: string) => [vars: Record<string, string>, environment?: Record<string, string>]][] = [
  ['generic_api', (url) => [{ endpoint: `${url}/in`, headers: `X-Pass=${SECRET}` }]],
  ['generic_api', (url) => [{ endpoint: `${url.replace('//', `//me:${SECRET}@`)}/in` }]],
  ['generic_api', (url) => [{ endpoint: `${url}/in?key=${SECRET}` }]],
  ['otel', (url) => [{ otel_endpoint: url, otel_headers: `Authorization=Bearer ${SECRET}` }]],
  ['langfuse', (url) => [{ langfuse_host: url, langfuse_public_key: 'pk-lf-1', langfuse_secret_key: SECRET }]],
  ['datadog', (url) => [{}, { DD_API_KEY: SECRET, DD_BASE_URL: url }]],
  [
    's3',
    (url) => [
      {
        s3_bucket_name: 'records',
        s3_endpoint_url: url,
        s3_region_name: 'eu-west-1',
        s3_aws_access_key_id: 'AKIDEXAMPLE',
        s3_aws_secret_access_key: SECRET,
        s3_aws_session_token: SESSION,
      },
    ],
  ],
];

describe('a destination that repeats what it was sent', () => {
  it.each(KINDS)('tells nobody the credentials of %s by it', async (type, describeKind) => {
    const url = await startEcho((told) => ({ status: 403, text: told }));
    const { ok, error } = await probe(type, ...describeKind(url));
    expect(ok).toBe(false);
    expect(error).toContain('answered 403');
    expect(error).toContain('[redacted]');
    for (const secret of [SECRET, SESSION]) {
      expect(error).not.toContain(secret.slice(0, 8));
      expect(error).not.toContain(secret.slice(-8));
      expect(error).not.toContain(Buffer.from(`:${secret}`).toString('base64').slice(4, 16));
    }
  });

  it('nor in a success that is none', async () => {
    const url = await startEcho((told) => ({
      status: 200,
      text: JSON.stringify({ partialSuccess: { rejectedSpans: 1, errorMessage: told } }),
    }));
    const { error } = await probe('otel', { otel_endpoint: url, otel_headers: `Authorization=Bearer ${SECRET}` });
    expect(error).toContain('1 rejected, ["Bearer [redacted]');
    expect(error).not.toContain(SECRET.slice(0, 8));
  });

  it('nor where the address itself was refused for what stands in it', async () => {
    const vars = {
      s3_bucket_name: 'records',
      s3_endpoint_url: `https://me:${SECRET}@store.example`,
      s3_region_name: 'eu-west-1',
      s3_aws_access_key_id: 'AKIDEXAMPLE',
      s3_aws_secret_access_key: SESSION,
    };
    const { ok, error } = await probe('s3', vars);
    expect(ok).toBe(false);
    expect(error).toContain('s3_endpoint_url cannot hold a user or a password');
    expect(error).not.toContain(SECRET.slice(0, 8));
  });

  it('nor in the words of a library, which may repeat a whole address', () => {
    expect(wordsOf(new TypeError(`cannot fetch https://me:${SECRET}@store.example/a b`))).toBe(
      'cannot fetch [address] b',
    );
    expect(wordsOf(new SinkError('later', 'as it is'))).toBe('as it is');
  });

  it('nor what a token was asked for with', async () => {
    const url = await startEcho((told) => ({ status: 400, text: told }));
    const body = new URLSearchParams({ grant_type: 'urn:jwt', assertion: `${SECRET}.${SECRET}` });
    const answer = await fetchThrough(openOutlet().send)(url, { method: 'POST', body });
    const text = await answer.text();
    expect(text).toContain('assertion=[redacted]');
    expect(text).not.toContain(SECRET.slice(0, 8));
  });
});
