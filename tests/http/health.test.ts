import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const open = (path: `/${string}`) => callGateway(gateway, `GET ${path}`, { key: null });

describe('without a key', () => {
  test.each(['/health/liveliness', '/health/liveness'] as const)('%s says that the process lives', async (path) => {
    expect(await open(path)).toMatchObject({ status: 200, body: "I'm alive!" });
  });

  test('/health/readiness says that the database answers', async () => {
    expect(await open('/health/readiness')).toMatchObject({
      status: 200,
      body: { status: 'healthy', db: 'connected', litellm_version: expect.any(String) },
    });
  });

  test('/test says that a request gets through', async () => {
    expect(await open('/test')).toMatchObject({ status: 200, body: { route: '/test' } });
  });

  test('/ says what this is and where to read on', async () => {
    const { body } = await open('/');
    expect(body).toMatchObject({ name: 'Latchkey', docs: '/docs', openapi: '/openapi.json' });
    for (const path of [body.docs, body.openapi, body.ready]) {
      expect((await gateway.app.inject(path)).statusCode).toBe(200);
    }
  });

  test('/routes lists the routes', async () => {
    const { routes } = (await open('/routes')).body;
    const paths = routes.map(({ path }: { path: string }) => path);
    for (const path of ['/v1/chat/completions', '/chat/completions', '/key/generate', '/key/info', '/spend/logs']) {
      expect(paths).toContain(path);
    }
  });
});

describe('/health/services', () => {
  const check = (query: string, key?: string | null) =>
    callGateway(gateway, `GET /health/services${query}`, key === undefined ? {} : { key });

  test('says of a channel of alerts that is not set up how to set it up', async () => {
    const { status, body } = await check('?service=slack');
    expect([status, body.error.type, body.error.param]).toEqual([400, 'bad_request_error', 'service']);
    expect(body.error.message).toMatch(/'slack' is not configured/);
  });

  test('names the services that there are where there is none of that name', async () => {
    const { status, body } = await check('?service=openmeter');
    expect([status, body.error.param]).toEqual([400, 'service']);
    expect(body.error.message).toMatch(/slack, webhook, email, gcs_bucket, .*datadog/);
  });

  test.each([
    ['datadog', 'DD_API_KEY is not set in the environment'],
    ['langfuse', 'LANGFUSE_PUBLIC_KEY'],
    ['gcs_bucket', 'GCS_BUCKET_NAME is not set in the environment'],
    ['file', 'LATCHKEY_LOG_DIRECTORY'],
  ])('says what %s lacks', async (service, lacking) => {
    const { status, body } = await check(`?service=${service}`);
    expect([status, body.error.param]).toEqual([400, 'service']);
    expect(body.error.message).toContain(`${service} did not take the test: `);
    expect(body.error.message).toContain(lacking);
  });

  test('needs a key of an administrator and the name of a service', async () => {
    const { body: made } = await callGateway(gateway, 'POST /key/generate', { body: {} });
    for (const service of ['slack', 'datadog', 'nothing']) {
      expect((await check(`?service=${service}`, null)).status).toBe(401);
      expect((await check(`?service=${service}`, made.key)).status).toBe(401);
    }
    expect((await check('')).status).toBe(422);
  });

  describe('of log destinations', () => {
    let receiver: Awaited<ReturnType<typeof startReceiver>>;
    let directory: string;
    let logging: TestApp;
    beforeAll(async () => {
      [receiver, directory] = await Promise.all([startReceiver(), mkdtemp(join(tmpdir(), 'latchkey-services-'))]);
      logging = await startTestApp({
        config: 'litellm_settings: {success_callback: [generic_api], failure_callback: [s3_v2]}',
        env: {
          GENERIC_LOGGER_ENDPOINT: `${receiver.url}/records`,
          GENERIC_LOGGER_HEADERS: 'authorization=Bearer the-sink-secret',
          OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/otlp`,
          OTEL_METRICS_EXPORTER: 'none',
          LANGFUSE_HOST: `${receiver.url}/langfuse`,
          LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
          LANGFUSE_SECRET_KEY: 'the-sink-secret',
          LATCHKEY_LOG_DIRECTORY: directory,
        },
      });
    });
    afterAll(async () => {
      await logging.close();
      receiver.close();
      await rm(directory, { recursive: true });
    });
    const probe = (service: string) => callGateway(logging, `GET /health/services?service=${service}`);

    test('sends a record to the one that is named, and to no other', async () => {
      const answers: [string, string, boolean][] = [
        ['generic_api', '/records', true],
        ['otel', '/otlp/v1/traces', false],
        ['langfuse', '/langfuse/api/public/otel/v1/traces', false],
        ['langfuse_otel', '/langfuse/api/public/otel/v1/traces', false],
      ];
      for (const [service, path, inUse] of answers) {
        const before = receiver.received.length;
        const { status, body } = await probe(service);
        expect([status, body.status]).toEqual([200, 'success']);
        expect(body.message).toMatch(new RegExp(`^${service} took a test record in \\d+ ms\\.`));
        expect(/No callback of the configuration names it/.test(body.message)).toBe(!inUse);
        expect(receiver.received.slice(before).map(({ path }) => path)).toEqual([path]);
      }
      expect(receiver.received[0]).toMatchObject({
        headers: { authorization: 'Bearer the-sink-secret' },
        body: expect.stringContaining('openai/litellm-key-health-test'),
      });
      expect((await probe('file')).status).toBe(200);
      const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
      const texts = files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8'));
      expect((await Promise.all(texts)).join('')).toContain('litellm-key-health-test');
    });

    test('tells a refusal in the words of the other side, without a credential', async () => {
      Object.assign(receiver.answer, { status: 403, body: 'no such project for Bearer the-sink-secret' });
      const answers = await Promise.all(['generic_api', 'langfuse', 'otel'].map(probe));
      Object.assign(receiver.answer, { status: 200, body: '{}' });
      for (const { status, body } of answers) {
        expect([status, body.error.type, body.error.param]).toEqual([400, 'bad_request_error', 'service']);
        expect(body.error.message).toContain('answered 403: no such project for');
      }
      expect(JSON.stringify(answers.slice(0, 2))).not.toContain('the-sink-secret');
      expect((await probe('s3')).body.error.message).toMatch(
        /^s3 did not take the test: .*s3_bucket_name|S3_BUCKET_NAME/,
      );
    });
  });
});

/** Takes records in whatever form they come. */
async function startReceiver() {
  const received: { path: string | undefined; headers: IncomingHttpHeaders; body: string }[] = [];
  const answer = { status: 200, body: '{}' };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    received.push({ path: request.url, headers: request.headers, body });
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, answer, close };
}

describe('/health/readiness/details', () => {
  const details = (key?: string) =>
    callGateway(gateway, 'GET /health/readiness/details', key === undefined ? {} : { key });

  test('tells administrators, and nobody else, what goes on inside', async () => {
    const { body: made } = await callGateway(gateway, 'POST /key/generate', { body: {} });
    expect((await details(made.key)).status).toBe(401);
    expect((await open('/health/readiness/details')).status).toBe(401);
    expect(await details()).toMatchObject({
      status: 200,
      body: { status: 'healthy', db: 'connected', calls_in_flight: 0, open_holds: 0, journal_backlog: 0 },
    });
  });

  test('no hold is left after a call, and a change of a key moves the change feed on', async () => {
    const before = (await details()).body.change_feed_position;
    const { key } = (await callGateway(gateway, 'POST /key/generate', { body: { rpm_limit: 5 } })).body;
    const messages = [{ role: 'user', content: 'hi' }];
    const answer = await callGateway(gateway, 'POST /v1/chat/completions', { key, body: { model: 'gpt-4', messages } });
    expect(answer.status).toBe(200);
    const { body } = await details();
    expect(body).toMatchObject({ calls_in_flight: 0, open_holds: 0 });
    expect(body.change_feed_position).toBeGreaterThan(before);
  });
});
