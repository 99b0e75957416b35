import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

const SECRET = 'sk-provider-secret-nobody-may-see';
const CHAT = { messages: [{ role: 'user', content: 'Hi' }] };

let gateway: TestApp;
const folder = mkdtempSync(join(tmpdir(), 'latchkey-models-'));
const logged: string[] = [];
beforeAll(async () => {
  gateway = await startTestApp({
    dataDir: folder,
    databaseUrl: join(folder, 'test.db'),
    onLog: (line) => logged.push(line),
    env: { ADDED_KEY: SECRET },
  });
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const call = (path: `${'GET' | 'POST' | 'PATCH'} /${string}`, body?: object, key?: string) =>
  callGateway(gateway, path, { ...(body === undefined ? {} : { body }), ...(key === undefined ? {} : { key }) });
const add = (over: object = {}) =>
  call('POST /model/new', {
    model_name: 'added',
    litellm_params: { model: 'openai/added', mock_response: 'from the database', api_key: SECRET },
    ...over,
  });
const names = async () => (await call('GET /v1/models')).body.data.map(({ id }: { id: string }) => id);

describe('a model that is added while the gateway runs', () => {
  test('can be called at once, is listed, and is marked as such', async () => {
    const { status, body } = await add({ model_info: { id: 'mine', access_groups: ['beta'] } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ model_id: 'mine', model_name: 'added', model_info: { id: 'mine', db_model: true } });
    expect((await call('POST /chat/completions', { model: 'added', ...CHAT })).body.choices[0].message.content).toBe(
      'from the database',
    );
    expect(await names()).toContain('added');
    const info = await call('GET /model/info?litellm_model_id=mine');
    expect(info.body.data).toMatchObject([{ model_name: 'added', model_info: { id: 'mine', db_model: true } }]);
    const { body: key } = await call('POST /key/generate', { models: ['beta'] });
    expect((await call('GET /v1/models', undefined, key.key)).body.data).toMatchObject([{ id: 'added' }]);
  });

  test('is changed field by field, and keeps a credential whose mask comes back', async () => {
    const { body: row } = await call('POST /model/update', {
      model_info: { id: 'mine' },
      litellm_params: { mock_response: 'changed', api_key: '****', input_cost_per_token: 0.5 },
    });
    expect(row.litellm_params).toEqual({
      model: 'openai/added',
      mock_response: 'changed',
      api_key: '****',
      input_cost_per_token: 0.5,
    });
    const answer = await call('POST /chat/completions', { model: 'added', ...CHAT });
    expect(answer.body.choices[0].message.content).toBe('changed');
    const patched = await call('PATCH /model/mine/update', { litellm_params: { input_cost_per_token: null } });
    expect(patched.body.litellm_params).not.toHaveProperty('input_cost_per_token');
  });

  test('shows its credential to nobody: not in a reply, a log line, or anywhere in the database', async () => {
    const { body: info } = await call('GET /model/info');
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(0);
    const stored = files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'));
    for (const text of [JSON.stringify(info), logged.join(''), ...stored]) expect(text).not.toContain(SECRET);
  });

  test('is gone when it is deleted, once', async () => {
    expect((await call('POST /model/delete', { id: 'mine' })).body).toEqual({
      message: 'Model: mine deleted successfully',
    });
    expect(await names()).not.toContain('added');
    expect((await call('POST /chat/completions', { model: 'added', ...CHAT })).status).toBe(400);
    const again = await call('POST /model/delete', { id: 'mine' });
    expect([again.status, again.body.error.param]).toEqual([400, 'id']);
  });
});

describe('a model that cannot be added', () => {
  test.each([
    [{ litellm_params: { model: 'openai/x', api_bse: 'https://x' } }, 'litellm_params.api_bse'],
    [{ litellm_params: { model: 'openai/x', rpm: 'many' } }, 'litellm_params.rpm'],
    [{ litellm_params: { model: 'nonesuch/x' } }, 'litellm_params.model'],
    [{ litellm_params: { model: 'openai/x' }, model_info: { team_id: 't' } }, 'model_info.team_id'],
    [{ model_name: '', litellm_params: { model: 'openai/x' } }, 'model_name'],
  ])('%j is told the field', async (body, param) => {
    const { status, body: reply } = await add(body);
    expect([status, reply.error.param]).toEqual([400, param]);
  });

  test('a taken id, a missing field, a model of the file', async () => {
    await add({ model_info: { id: 'twice' } });
    expect((await add({ model_info: { id: 'twice' } })).body.error.param).toBe('model_info.id');
    expect((await call('POST /model/new', { model_name: 'x' })).status).toBe(422);
    const file = (await call('GET /model/info')).body.data.find(
      ({ model_name: name }: { model_name: string }) => name === 'gpt-4',
    );
    const { status, body } = await call('POST /model/delete', { id: file.model_info.id });
    expect(status).toBe(400);
    expect(body.error.message).toContain('configuration file');
  });

  test('by anybody but an administrator', async () => {
    const { body: key } = await call('POST /key/generate', {});
    const { status, body } = await call(
      'POST /model/new',
      { model_name: 'x', litellm_params: { model: 'openai/x' } },
      key.key,
    );
    expect([status, body.error.type]).toEqual([403, 'auth_error']);
    expect(body.error.message).toContain('does not have permission to make this model call');
  });
});

test('a variable of the environment is named and not copied', async () => {
  const { body } = await add({
    model_name: 'by-variable',
    litellm_params: { model: 'openai/x', api_key: 'os.environ/ADDED_KEY', api_base: 'http://127.0.0.1:9' },
  });
  expect(body.litellm_params.api_key).toBe('os.environ/ADDED_KEY');
  expect(await names()).toContain('by-variable');
});
