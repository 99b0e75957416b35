// Every refused attempt to change something is in the audit log, and no flood of them can fill the disk.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Hex } from '../../../src/core/key-secret.ts';
import { auditRowsOf } from '../../support/audit-rows.ts';
import { type Answer, type CallOptions, callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
let plain: { key: string; token: string; key_id: string };
beforeAll(async () => {
  gateway = await startTestApp();
  plain = (await call('POST /key/generate', { body: { key_alias: 'plain' } })).body;
});
afterAll(() => gateway.close());

const call = (request: string, options?: CallOptions): Promise<Answer> => callGateway(gateway, request, options);

const rowsOf = (act: () => Promise<unknown>) => auditRowsOf(gateway, act);

describe('is one row', () => {
  const refused: [string, string, CallOptions, object, object][] = [
    ['a plain key that makes a key', 'POST /key/generate', { body: { max_budget: 5 } }, { status: 401 }, {}],
    ['a plain key that blocks a key', 'POST /key/block', { body: { key: 'x' } }, { status: 401 }, {}],
    ['a wrong value', 'POST /key/generate', { body: { max_budget: 'lots' } }, { status: 422, param: 'max_budget' }, {}],
    ['a body that is no JSON', 'POST /key/generate', { body: '{' }, { status: 400 }, {}],
    ['a value out of bounds', 'POST /key/generate', { body: { max_budget: -1 } }, { param: 'max_budget' }, {}],
    ['a taken alias', 'POST /key/generate', { body: { key_alias: 'plain' } }, { param: 'key_alias' }, {}],
    [
      'an unknown key',
      'POST /key/delete',
      { body: { keys: ['f'.repeat(64)] } },
      { status: 404 },
      { object_id: 'f'.repeat(64) },
    ],
    [
      'an unknown key in the path',
      'POST /key/nobody/regenerate',
      { body: {} },
      { status: 404 },
      { object_name: 'nobody' },
    ],
    ['an empty list', 'POST /key/delete', { body: { keys: [] } }, { status: 400 }, {}],
  ];

  test.each(refused)('%s', async (name, request, options, values, target) => {
    const key = name.startsWith('a plain key') ? plain.key : gateway.masterKey;
    let answer: Answer | undefined;
    const rows = await rowsOf(async () => {
      answer = await call(request, { ...options, key, headers: { 'litellm-changed-by': 'somebody' } });
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      action: 'denied',
      changed_by: 'somebody',
      changed_by_api_key: sha256Hex(key),
      caller_kind: key === plain.key ? 'key' : 'master_key',
      caller_key_id: key === plain.key ? plain.key_id : null,
      table_name: 'LiteLLM_VerificationToken',
      request_id: answer?.headers['x-request-id'],
      before_value: null,
      updated_values: { status: answer?.status, message: answer?.body.error.message, ...values },
      ...target,
    });
  });

  test('an attempt on a named key is found with the rest of that key’s history', async () => {
    await call('POST /key/update', { body: { key: plain.key, max_budget: 'x' } });
    const { audit_logs: rows } = (await call(`GET /audit?object_id=${plain.key_id}`)).body;
    expect(rows.map(({ action }: { action: string }) => action)).toEqual(['denied', 'created']);
  });
});

describe('is no row', () => {
  test.each([
    ['a question', 'GET /key/info?key=nobody', undefined],
    ['a question that is asked by POST', 'POST /v2/key/info', { keys: 5 }],
    ['a call to a model', 'POST /v1/chat/completions', { model: 'nobody' }],
    ['a path that is not there', 'POST /nothing/here', {}],
    ['a method that is not there', 'DELETE /key/generate', undefined],
  ])('%s', async (_name, request, body) => {
    expect(await rowsOf(() => call(request, { body, key: plain.key }))).toEqual([]);
  });
});

test('strangers are sampled and counted: a thousand of them leave a handful of rows', async () => {
  const rows = await rowsOf(async () => {
    for (let number = 0; number < 1_000; number++) {
      const key = [null, 'nonsense', `sk-${'x'.repeat(22)}${number % 10}`][number % 3] as string | null;
      const { status } = await call('POST /key/generate', { key, body: {}, headers: { 'litellm-changed-by': 'root' } });
      expect(status).toBe(401);
    }
  });
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.length).toBeLessThanOrEqual(25);
  for (const row of rows) {
    expect(row).toMatchObject({
      action: 'denied',
      changed_by: 'anonymous',
      changed_by_api_key: '',
      caller_kind: 'anonymous',
    });
  }
});

test('no secret that a refused request held is in the log', async () => {
  const canary = 'sk-canary0123456789canary';
  const body = {
    key: canary,
    keys: [canary],
    key_alias: canary,
    metadata: { x: canary },
    new_key: canary,
    max_budget: [canary],
  };
  for (const route of ['generate', 'update', 'delete', 'block', 'regenerate', `${canary}/regenerate`]) {
    await call(`POST /key/${route}`, { body });
    await call(`POST /key/${route}`, { body, key: canary });
    await call(`POST /key/${route}`, { body: { ...body, max_budget: 1 }, headers: { 'litellm-changed-by': canary } });
  }
  const exported = await gateway.app.inject({
    url: '/audit/export',
    headers: { authorization: `Bearer ${gateway.masterKey}` },
  });
  expect(exported.body).not.toContain('sk-canary');
});
