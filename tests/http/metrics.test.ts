import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

const MESSAGES = [{ role: 'user', content: 'hello' }];
const NAMES = 10_000;

let gateway: TestApp;
let key: { key: string; key_id: string; token: string };
beforeAll(async () => {
  gateway = await startTestApp();
  key = (await callGateway(gateway, 'POST /key/generate', { body: { key_alias: 'metered', max_budget: 1 } })).body;
});
afterAll(() => gateway.close());

/** A scrape: each series and its value. */
async function scrape(app: TestApp = gateway, secret?: string): Promise<Map<string, number>> {
  const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  const { statusCode, body } = await app.app.inject({ url: '/metrics', headers });
  expect(statusCode).toBe(200);
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** The one series of that name whose labels hold all of these. */
function find(series: Map<string, number>, name: string, ...labels: string[]): number | undefined {
  const found = [...series].filter(
    ([text]) => text.startsWith(`${name}{`) && labels.every((label) => text.includes(label)),
  );
  expect(found.length).toBeLessThan(2);
  return found[0]?.[1];
}

const call = (model: string, secret = key.key) =>
  callGateway(gateway, 'POST /v1/chat/completions', { key: secret, body: { model, messages: MESSAGES } });

describe('/metrics', () => {
  test('counts a key’s calls, tokens and money as its bill does, and what is left of its budget', async () => {
    for (let count = 0; count < 3; count += 1) expect((await call('mock-gpt')).status).toBe(200);
    const { spend } = (await callGateway(gateway, `GET /key/info?key=${key.token}`)).body.info;
    const rows = (await callGateway(gateway, `GET /spend/logs?api_key=${key.token}`)).body;
    const tokens = rows.reduce((sum: number, row: { total_tokens: number }) => sum + row.total_tokens, 0);
    const series = await scrape();
    const own = [`key_id="${key.key_id}"`, 'api_key_alias="metered"'];
    expect(find(series, 'litellm_proxy_total_requests_metric_total', ...own, 'status_code="200"')).toBe(3);
    expect(find(series, 'litellm_spend_metric_total', ...own, 'model="mock-gpt"')).toBeCloseTo(spend, 10);
    expect(find(series, 'litellm_total_tokens_metric_total', ...own)).toBe(tokens);
    expect(find(series, 'litellm_remaining_api_key_budget_metric', `"${key.key_id}"`)).toBeCloseTo(1 - spend, 10);
    expect(find(series, 'litellm_request_total_latency_metric_count', 'model="mock-gpt"')).toBe(3);
    expect(find(series, 'litellm_deployment_success_responses_total', 'requested_model="mock-gpt"')).toBe(3);
    expect(find(series, 'latchkey_http_requests_total', '"/v1/chat/completions"', '"200"')).toBe(3);
    expect(series.get('latchkey_database_up')).toBe(1);
    expect(series.get('latchkey_calls_in_flight')).toBe(0);
  });

  test('ten thousand models that there are not add one series to each metric of refusals', {
    timeout: 60_000,
  }, async () => {
    await call('no-such-model');
    const before = await scrape();
    for (let index = 1; index < NAMES; index += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, offset) => call(`random-${index + offset}-${Math.random()}`)));
    }
    const after = await scrape();
    const added = [...after.keys()].filter((name) => !before.has(name));
    expect(added.filter((name) => name.startsWith('litellm_') || name.includes('random'))).toEqual([]);
    const other = ['requested_model="other"', 'exception_status="400"'];
    expect(find(after, 'litellm_proxy_failed_requests_metric_total', ...other)).toBe(1 + NAMES);
  });

  test('paths that there are not are one series', async () => {
    for (let index = 0; index < 20; index += 1) await callGateway(gateway, `GET /nowhere/${index}`);
    expect(find(await scrape(), 'latchkey_http_requests_total', 'route="unmatched"')).toBe(20);
  });

  test('holds neither secrets nor hashes of keys', async () => {
    const { body } = await gateway.app.inject('/metrics');
    for (const hidden of [key.key, key.token, gateway.masterKey]) expect(body).not.toContain(hidden);
  });
});

describe('who may read /metrics', () => {
  test.each([
    ['on this machine alone anybody', { LATCHKEY_HOST: '127.0.0.1' }, '', 200],
    ['elsewhere nobody without a key', { LATCHKEY_HOST: '0.0.0.0' }, '', 401],
    ['elsewhere anybody, where the configuration says so', { LATCHKEY_HOST: '0.0.0.0' }, 'false', 200],
    ['nobody without a key, where the configuration says so', { LATCHKEY_HOST: '127.0.0.1' }, 'true', 401],
  ])('%s', async (_name, env, setting, status) => {
    const config = setting === '' ? '{}' : `litellm_settings: {require_auth_for_metrics_endpoint: ${setting}}`;
    const app = await startTestApp({ env, config });
    try {
      expect((await app.app.inject('/metrics')).statusCode).toBe(status);
      expect((await scrape(app, app.masterKey)).get('latchkey_database_up')).toBe(1);
    } finally {
      await app.close();
    }
  });

  test('a key that only calls models does not', async () => {
    const app = await startTestApp({ config: 'litellm_settings: {require_auth_for_metrics_endpoint: true}' });
    try {
      const { body } = await callGateway(app, 'POST /key/generate', { body: {} });
      const headers = { authorization: `Bearer ${body.key}` };
      expect([401, 403]).toContain((await app.app.inject({ url: '/metrics', headers })).statusCode);
    } finally {
      await app.close();
    }
  });
});
