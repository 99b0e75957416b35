import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

let gateway: TestApp;
let key: string;
beforeAll(async () => {
  gateway = await startTestApp();
  key = (await callGateway(gateway, 'POST /key/generate', { body: {} })).body.key;
});
afterAll(() => gateway.close());

const DEPTH = 20_000;
const LIST = '['.repeat(DEPTH) + ']'.repeat(DEPTH);
const OBJECT = `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`;
const MESSAGES = '[{"role":"user","content":"hi"}]';

describe('JSON that is nested deeper than a stack', () => {
  test.each([
    ['POST /v1/embeddings', `{"model":"text-embedding-3-small","input":${LIST}}`],
    ['POST /v1/completions', `{"model":"mock-gpt","prompt":${LIST}}`],
    [
      'POST /v1/chat/completions',
      `{"model":"mock-gpt","metadata":{"spend_logs_metadata":${OBJECT}},"messages":${MESSAGES}}`,
    ],
    ['POST /key/explain', `{"model":"mock-gpt","messages":${LIST}}`],
    ['POST /key/explain', `{"model":"mock-gpt","unknown":${OBJECT}}`],
    ['POST /utils/token_counter', `{"model":"mock-gpt","prompt":${LIST}}`],
  ])('is refused by %s', async (request, body) => {
    const { status, body: answer } = await callGateway(gateway, request, { key, body });
    expect([status, answer.error.message]).toEqual([400, expect.stringContaining('nested deeper than')]);
  });

  test('in what is billed makes no stream free, and leaves nothing held', async () => {
    const body = `{"model":"mock-gpt","stream":true,"metadata":{"spend_logs_metadata":${OBJECT}},"messages":${MESSAGES}}`;
    expect((await callGateway(gateway, 'POST /v1/chat/completions', { key, body })).status).toBe(400);
    expect((await callGateway(gateway, 'GET /health/readiness/details')).body.open_holds).toBe(0);
  });

  test('is passed over where nobody looks at it', async () => {
    const body = `{"model":"mock-gpt","unknown":${OBJECT},"messages":[{"role":"user","content":${LIST}}]}`;
    expect((await callGateway(gateway, 'POST /v1/chat/completions', { key, body })).status).toBe(200);
  });
});

describe('more than anybody needs', () => {
  const update = (body: object) => callGateway(gateway, 'POST /key/update', { body: { key, ...body } });

  test('tags: more than a statement takes are kept all the same', async () => {
    const tags = Array.from({ length: 20_000 }, (_, index) => index.toString(36));
    const made = await callGateway(gateway, 'POST /key/generate', { body: { tags } });
    expect([made.status, made.body.tags.length]).toEqual([200, 20_000]);
    expect((await update({ tags })).status).toBe(200);
    expect((await callGateway(gateway, 'GET /key/list?tag=zz')).body.total_count).toBe(2);
  });

  test.each([
    ['models', { models: Array(50_000).fill('gpt-4') }],
    ['allowed_routes', { allowed_routes: Array(50_000).fill('/key/info') }],
    ['aliases', { aliases: Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [index, 'gpt-4'])) }],
    [
      'model_max_budget',
      { model_max_budget: Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [index, 1])) },
    ],
  ])('%s: what is read with each call stays small', async (param, body) => {
    const { status, body: answer } = await update(body);
    expect([status, answer.error.param]).toEqual([400, param]);
  });

  test('amounts beyond what is counted are refused in a filter', async () => {
    const dates = 'start_date=2026-01-01&end_date=2026-12-31';
    for (const bound of ['min_spend', 'max_spend']) {
      const { status, body } = await callGateway(gateway, `GET /spend/logs/v2?${dates}&${bound}=1e300`);
      expect([status, body.error.param]).toEqual([422, bound]);
    }
  });
});
