// On whose behalf a call is made, and what it is tagged with, in every way in which a client can say so.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

const CALL = { model: 'mock-gpt', messages: [{ role: 'user', content: 'hi' }] };

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const post = (path: string, body: object) => callGateway(gateway, `POST ${path}`, { body });
const chat = (body: object, headers: Record<string, string> = {}) =>
  callGateway(gateway, 'POST /v1/chat/completions', { body: { ...CALL, ...body }, headers });

/** How a call can name its customer; the name is a number, too. */
const NAMINGS: [string, (name: string) => [object, Record<string, string>?]][] = [
  ['user', (name) => [{ user: name }]],
  ['user, as a number', (name) => [{ user: Number(name) }]],
  ['safety_identifier', (name) => [{ safety_identifier: name }]],
  ['metadata.user_id', (name) => [{ metadata: { user_id: name } }]],
  ['metadata.user_id, as a number', (name) => [{ metadata: { user_id: Number(name) } }]],
  ['metadata as text', (name) => [{ metadata: JSON.stringify({ user_id: name }) }]],
  ['litellm_metadata.user', (name) => [{ litellm_metadata: { user: name } }]],
  ['litellm_metadata as text', (name) => [{ litellm_metadata: JSON.stringify({ user: name }) }]],
  ['a user that is none before it', (name) => [{ user: { id: 1 }, litellm_metadata: { user: name } }]],
  ['x-litellm-end-user-id', (name) => [{}, { 'x-litellm-end-user-id': name }]],
  ['x-litellm-customer-id', (name) => [{}, { 'x-litellm-customer-id': name }]],
];

describe('a customer without budget is refused, however it is named', () => {
  test.each(NAMINGS)('%s', async (_how, naming) => {
    await post('/customer/new', { user_id: '4711', max_budget: 0 });
    const refused = await chat(...naming('4711'));
    expect([refused.status, refused.body.error.type]).toEqual([400, 'budget_exceeded']);
    expect(refused.body.error.message).toContain('End User=4711');
    expect((await chat(...naming('4712'))).status).toBe(200);
  });
});

describe('a tag without budget is refused, wherever it stands', () => {
  test.each<[string, (tag: string) => [object, Record<string, string>?]]>([
    ['tags', (tag) => [{ tags: [tag] }]],
    ['metadata.tags', (tag) => [{ metadata: { tags: [tag] } }]],
    ['metadata as text', (tag) => [{ metadata: JSON.stringify({ tags: [tag] }) }]],
    ['litellm_metadata.tags', (tag) => [{ litellm_metadata: { tags: [tag] } }]],
    ['x-litellm-tags', (tag) => [{}, { 'x-litellm-tags': `a, ${tag}` }]],
  ])('%s', async (_where, tagging) => {
    await post('/tag/new', { name: 'spent', max_budget: 0 });
    const refused = await chat(...tagging('spent'));
    expect([refused.status, refused.body.error.type]).toEqual([400, 'budget_exceeded']);
    expect((await chat(...tagging('free'))).status).toBe(200);
  });
});

describe('reject_clientside_metadata_tags', () => {
  let strict: TestApp;
  beforeAll(async () => {
    strict = await startTestApp({
      config: `
model_list:
  - model_name: mock-gpt
    litellm_params: {model: openai/mock-gpt, mock_response: Hi}
general_settings: {reject_clientside_metadata_tags: true}`,
    });
  });
  afterAll(() => strict.close());

  test.each<[string, object, Record<string, string>?]>([
    ['metadata.tags', { metadata: { tags: ['mine'] } }],
    ['litellm_metadata.tags', { litellm_metadata: { tags: [] } }],
    ['tags', { tags: ['mine'] }],
    ['x-litellm-tags', {}, { 'x-litellm-tags': 'mine' }],
  ])('%s is a 400 that names it', async (param, body, headers = {}) => {
    const refused = await callGateway(strict, 'POST /v1/chat/completions', { body: { ...CALL, ...body }, headers });
    expect(refused.status).toBe(400);
    expect(refused.body.error).toMatchObject({ type: 'bad_request_error', param, code: '400' });
    expect(refused.body.error.message).toContain(param);
  });

  test('tags of the key count, and other metadata is free', async () => {
    const { key } = (await callGateway(strict, 'POST /key/generate', { body: { tags: ['of the key'] } })).body;
    const body = { ...CALL, metadata: { note: 'mine' } };
    const { status } = await callGateway(strict, 'POST /v1/chat/completions', { key, body });
    expect(status).toBe(200);
    const [row] = (await callGateway(strict, 'GET /spend/logs')).body;
    expect(row.request_tags).toEqual(['of the key']);
  });
});

describe('user_header_mappings', () => {
  let mapped: TestApp;
  beforeAll(async () => {
    mapped = await startTestApp({
      config: `
model_list:
  - model_name: mock-gpt
    litellm_params: {model: openai/mock-gpt, mock_response: Hi}
general_settings:
  user_header_name: X-Old
  user_header_mappings:
    - {header_name: X-OpenWebUI-User-Id, litellm_user_role: internal_user}
    - {header_name: X-OpenWebUI-User-Email, litellm_user_role: customer}`,
    });
  });
  afterAll(() => mapped.close());

  const STANDARD = { 'x-litellm-customer-id': 'standard', 'x-litellm-end-user-id': 'second' };
  const BODY = { litellm_metadata: { user: 'notes' }, metadata: { user_id: 'metadata' }, safety_identifier: 'safety' };
  test.each<[string, object, Record<string, string>]>([
    ['standard', { user: 'body' }, { ...STANDARD, 'x-openwebui-user-email': 'mapped' }],
    ['mapped', { user: 'body' }, { 'x-openwebui-user-email': 'mapped', 'x-old': 'old', 'x-openwebui-user-id': 'id' }],
    ['old', { user: 'body' }, { 'x-old': 'old', 'x-openwebui-user-id': 'id' }],
    ['body', { ...BODY, user: 'body' }, { 'x-openwebui-user-id': 'id' }],
    ['notes', BODY, {}],
    ['metadata', { ...BODY, litellm_metadata: {} }, {}],
    ['safety', { safety_identifier: 'safety' }, {}],
  ])('the first that is there counts: %s', async (name, body, headers) => {
    const { status } = await callGateway(mapped, 'POST /v1/chat/completions', { body: { ...CALL, ...body }, headers });
    expect(status).toBe(200);
    const rows = (await callGateway(mapped, 'GET /spend/logs')).body;
    expect(rows[0].end_user).toBe(name);
  });
});
