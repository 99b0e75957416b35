import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { GatewayError } from '../core/gateway-error.ts';
import type { CallAnswer, CallRequest } from '../gateway/call-request.ts';
import { BODY_LIMIT, bearer, closeApps, SECRET, startApp } from './__fixtures__/start-app.ts';

afterEach(closeApps);

const DIRECT = '/v1/chat/completions';
/** The same route, in a form that only the framework takes. */
const FRAMEWORK = '/v1/chat/completions/';

const whole = (body: string): CallAnswer => ({
  kind: 'whole',
  status: 200,
  headers: ['content-type', 'application/json', 'x-litellm-model-id', 'd1'],
  body: Buffer.from(body),
});
const stream: CallAnswer = {
  kind: 'stream',
  status: 200,
  headers: ['content-type', 'text/event-stream'],
  async relayTo(sink) {
    sink.write(Buffer.from('data: 1\n\n'));
    sink.write(Buffer.from('data: [DONE]\n\n'));
    sink.end();
  },
};

type Overrides = Parameters<typeof startApp>[0];
type Sent = { headers?: Record<string, string>; body?: string };

/** One request to a fresh app; what came back and what was logged, without what differs from time to time. */
async function send(url: string, { headers = bearer(SECRET), body = '{"model":"m"}' }: Sent, overrides: Overrides) {
  const { app, lines } = await startApp(overrides);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  lines.length = 0;
  const response = await fetch(`http://127.0.0.1:${port}${url}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  const text = await response.text();
  const names = Object.fromEntries([...response.headers].filter(([name]) => name !== 'date'));
  await vi.waitFor(() => expect(lines.some((line) => 'durationMs' in line)).toBe(true), { timeout: 10_000 });
  const logged = lines.map(({ durationMs, time, err, ...line }) => ({
    ...line,
    type: (err as Error | undefined)?.name,
  }));
  return { status: response.status, headers: names, text, logged };
}

const answering = (answer: CallAnswer | Error): Overrides => ({
  callModel: async () => {
    if (answer instanceof Error) throw answer;
    return { ...answer, headers: [...answer.headers] };
  },
});

describe('a call taken directly is answered and logged as by the framework', () => {
  test.each<[string, number, Sent, Overrides]>([
    ['an answer', 200, {}, answering(whole('{"é":"😀"}'))],
    ['a large answer', 200, {}, answering(whole(JSON.stringify('x'.repeat(100_000))))],
    ['a stream', 200, {}, answering(stream)],
    [
      'the name that a client gives its call',
      200,
      { headers: { ...bearer(SECRET), 'x-litellm-call-id': 'mine' } },
      answering(whole('{}')),
    ],
    ['a body of several packets', 200, { body: `{"model":"${'m'.repeat(BODY_LIMIT - 20)}"}` }, answering(whole('{}'))],
    [
      'a refusal with headers',
      429,
      {},
      answering(new GatewayError('rate_limited', 'Slow.', { retryAfterMs: 1_500, headers: { 'x-a': 'b' } })),
    ],
    ['a fault of ours', 500, {}, answering(new TypeError('oops'))],
    ['a header that cannot be sent', 500, {}, answering({ ...whole('{}'), headers: ['x-bad', 'a\nb'] })],
    ['no key', 401, { headers: {} }, {}],
    ['an unknown key', 401, { headers: bearer('sk-BBBBBBBBBBBBBBBBBBBBBB') }, {}],
    ['a malformed key', 401, { headers: bearer('sk-ö') }, {}],
    ['an address that may not call', 403, {}, { isIpAllowed: () => false }],
    ['a body that is too large', 413, { body: 'x'.repeat(BODY_LIMIT + 1) }, {}],
    [
      'another type of body',
      200,
      { headers: { ...bearer(SECRET), 'content-type': 'text/plain' } },
      answering(whole('{}')),
    ],
    ['no body', 200, { body: '' }, answering(whole('{}'))],
  ])('%s: %d', async (_name, status, sent, overrides) => {
    const direct = await send(DIRECT, sent, overrides);
    expect(direct.status).toBe(status);
    expect(direct).toEqual(await send(FRAMEWORK, sent, overrides));
  });

  test('the gateway is handed the same', async () => {
    const seen: Omit<CallRequest, 'onClientGone'>[] = [];
    const overrides: Overrides = {
      callModel: async ({ onClientGone, ...request }) => {
        seen.push(request);
        return whole('{}');
      },
    };
    const sent = { headers: { ...bearer(SECRET), 'x-litellm-tags': 'a,b', 'x-litellm-end-user-id': 'u' } };
    await send(DIRECT, sent, overrides);
    await send(FRAMEWORK, sent, overrides);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]).toMatchObject({ pathModel: null, tagsHeader: 'a,b', endUserHeader: 'u', sourceIp: '127.0.0.1' });
  });
});
