// POST /key/health sends a record through every log destination of the calling key, and tells of each by itself.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';
import { type FakeGcs, startFakeGcs } from '../../support/fake-gcs.ts';

let gcs: FakeGcs;
let hook: { url: string; seen: { headers: IncomingHttpHeaders; body: string }[]; close(): void };
let gateway: TestApp;
let strict: TestApp;

async function startHook(): Promise<typeof hook> {
  const seen: (typeof hook)['seen'] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    seen.push({ headers: request.headers, body });
    response.writeHead(request.url === '/full' ? 507 : 200).end(request.url === '/full' ? 'no room left' : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, close: () => server.close() };
}

beforeAll(async () => {
  [gcs, hook] = await Promise.all([startFakeGcs(), startHook()]);
  const env = { STORAGE_EMULATOR_HOST: gcs.url };
  const config = 'general_settings: {log_destination_allowed_hosts: [127.0.0.1]}';
  [gateway, strict] = await Promise.all([startTestApp({ env, config }), startTestApp({ env })]);
});
afterAll(async () => {
  await Promise.all([gateway.close(), strict.close(), gcs.close()]);
  hook.close();
});

const bucket = { callback_name: 'gcs_bucket', callback_vars: { gcs_bucket_name: 'of-the-key' } };
const webhook = (path: string, headers = 'authorization=Bearer the-sink-secret') => ({
  callback_name: 'generic_api',
  callback_vars: { endpoint: `${hook.url}${path}`, headers },
});

async function healthOf(app: TestApp, logging: object[]) {
  const made = await callGateway(app, 'POST /key/generate', { body: { metadata: { logging } } });
  expect(made.status).toBe(200);
  const { status, body } = await callGateway(app, 'POST /key/health', { key: made.body.key });
  expect(status).toBe(200);
  return body;
}

describe('POST /key/health', () => {
  test('is healthy when every destination has taken a record, which is there afterwards', async () => {
    const seen = hook.seen.length;
    const body = await healthOf(gateway, [bucket, webhook('/ok')]);
    expect(body).toMatchObject({
      key: 'healthy',
      logging_callbacks: {
        callbacks: ['gcs_bucket', 'generic_api'],
        status: 'healthy',
        details: expect.stringMatching(
          /^No logger exceptions triggered, system is healthy\. Manually check if logs were/,
        ),
        results: [
          { callback_name: 'gcs_bucket', status: 'healthy', error: null, took_ms: expect.any(Number) },
          { callback_name: 'generic_api', status: 'healthy', error: null, took_ms: expect.any(Number) },
        ],
      },
    });
    expect(gcs.records('of-the-key').at(-1)).toMatchObject({ model: 'openai/litellm-key-health-test' });
    expect(hook.seen.slice(seen)).toEqual([
      { headers: expect.objectContaining({ authorization: 'Bearer the-sink-secret' }), body: expect.any(String) },
    ]);
  });

  test('says which destination fails, in its own words, and that the others do not', async () => {
    const { key, logging_callbacks: logging } = await healthOf(gateway, [bucket, webhook('/full')]);
    expect(key).toBe('unhealthy');
    expect(logging.results.map(({ status }: { status: string }) => status)).toEqual(['healthy', 'unhealthy']);
    expect(logging.details).toMatch(
      /^Logger exceptions triggered, system is unhealthy: generic_api: .*507: no room left$/,
    );
  });

  test('says what is missing', async () => {
    const { logging_callbacks: logging } = await healthOf(gateway, [{ callback_name: 'gcs_bucket' }]);
    expect(logging.details).toMatch(
      /^Logger exceptions triggered, system is unhealthy: .*GCS_BUCKET_NAME is not set in the environment/,
    );
  });

  test('reaches nothing of this machine that the operator has not allowed', async () => {
    const seen = hook.seen.length;
    const { logging_callbacks: logging } = await healthOf(strict, [webhook('/ok')]);
    expect(logging.details).toContain('no address of the public Internet');
    expect(hook.seen).toHaveLength(seen);
  });
});

test('a key or a team has no more destinations than each of its calls may be written down for', async () => {
  const several = (count: number) => ({ logging: Array.from({ length: count }, (_, index) => webhook(`/${index}`)) });
  const { key } = (await callGateway(gateway, 'POST /key/generate', { body: { metadata: several(20) } })).body;
  const { team_id } = (await callGateway(gateway, 'POST /team/new', { body: { metadata: several(20) } })).body;
  const metadata = several(21);
  for (const [request, body] of [
    ['POST /key/generate', { metadata }],
    ['POST /key/update', { key, metadata }],
    ['POST /key/regenerate', { key, metadata }],
    ['POST /team/new', { metadata }],
    ['POST /team/update', { team_id, metadata }],
    [`POST /team/${team_id}/callback`, { callback_name: 'otel', callback_vars: {} }],
  ] as const) {
    const answer = await callGateway(gateway, request, { body });
    expect([request, answer.status, answer.body.error?.param]).toEqual([request, 400, 'metadata']);
    expect(answer.body.error.message).toContain('there may be 20');
  }
});
