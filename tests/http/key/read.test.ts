import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const make = async (body: object = {}) => (await callGateway(gateway, 'POST /key/generate', { body })).body;

describe('GET /key/info', () => {
  test('shows the calling key to itself, by name and without one, and another key not at all', async () => {
    const mine = await make();
    const other = await make();
    const named = await callGateway(gateway, `GET /key/info?key=${mine.key}`, { key: mine.key });
    expect(named).toMatchObject({ status: 200, body: { key: mine.key, info: { key_id: mine.key_id } } });
    const unnamed = await callGateway(gateway, 'GET /key/info', { key: mine.key });
    expect(unnamed.body).toMatchObject({ key: mine.token, info: { key_id: mine.key_id } });
    for (const asked of [other.key, other.token, other.key_id, 'key_0123456789abcdefABCDEF', 'no-such-alias']) {
      const refused = await callGateway(gateway, `GET /key/info?key=${asked}`, { key: mine.key });
      expect(refused.status).toBe(403);
      expect(refused.body.error.message).toContain("user not allowed to access this key's info");
    }
  });

  test('answers 404 to everybody for a secret or a hash that is nobody’s', async () => {
    const { key } = await make();
    for (const asked of ['sk-unknown-0123456789', 'ab'.repeat(32)]) {
      const answer = await callGateway(gateway, `GET /key/info?key=${asked}`, { key });
      expect([answer.status, answer.body.error.type]).toEqual([404, 'not_found_error']);
      expect(answer.body.error.message).not.toContain('sk-unknown');
    }
  });

  test('answers 404 to the administrator for a key that is not there', async () => {
    const answer = await callGateway(gateway, 'GET /key/info?key=sk-unknown-0123456789');
    expect(answer).toMatchObject({
      status: 404,
      body: { error: { type: 'not_found_error', param: 'key', code: '404' } },
    });
    expect(answer.body.error.message).toContain('Key not found in database');
  });

  test('goes on showing a deleted key as it was, and says so', async () => {
    const { key, token, key_id } = await make({ key_alias: 'shown-after', spend: 3, metadata: { app: 'x' } });
    const shown = async (name: string) => (await callGateway(gateway, `GET /key/info?key=${name}`)).body.info;
    expect((await shown(key)).status).toBe('active');
    await callGateway(gateway, 'POST /key/delete', { body: { keys: [key] } });
    for (const name of [key, token, key_id]) {
      expect(await shown(name)).toMatchObject({
        status: 'deleted',
        key_alias: 'shown-after',
        spend: 3,
        metadata: { app: 'x' },
        deleted_at: expect.any(String),
        deleted_by: 'default_user_id',
      });
    }
    expect((await callGateway(gateway, 'GET /key/info?key=shown-after')).status).toBe(404);
    const { key: stranger } = await make();
    expect((await callGateway(gateway, `GET /key/info?key=${token}`, { key: stranger })).status).toBe(403);
    const explained = await callGateway(gateway, 'POST /key/explain', { body: { key: token, model: 'mock-gpt' } });
    expect(explained.status).toBe(404);
  });

  test('works for a key that is over its budget', async () => {
    const { key } = await make({ max_budget: 0, spend: 3 });
    expect(await callGateway(gateway, 'GET /key/info', { key })).toMatchObject({
      status: 200,
      body: { info: { spend: 3 } },
    });
  });

  test('masks the credentials of log destinations', async () => {
    const callback_vars = { langfuse_public_key: 'pk-lf-1', langfuse_secret_key: 'sk-lf-0123456789abcdef' };
    const { key_id } = await make({ metadata: { logging: [{ callback_name: 'langfuse', callback_vars }] } });
    const { info } = (await callGateway(gateway, `GET /key/info?key=${key_id}`)).body;
    expect(info.metadata.logging[0].callback_vars).toEqual({
      ...callback_vars,
      langfuse_secret_key: expect.stringMatching(/^\*{4}[\w-]{4}$/),
    });
  });
});

describe('POST /v2/key/info', () => {
  test('gives an empty list for keys that are not there, and 422 when nothing is asked', async () => {
    const empty = await callGateway(gateway, 'POST /v2/key/info', { body: { keys: ['sk-unknown'] } });
    expect(empty).toMatchObject({ status: 200, body: { key: ['sk-unknown'], info: [] } });
    for (const body of [undefined, {}]) {
      const refused = await callGateway(gateway, 'POST /v2/key/info', { body });
      expect(refused).toMatchObject({
        status: 422,
        body: { error: { message: 'Malformed request. No keys passed in.', type: 'auth_error', code: '422' } },
      });
      expect(refused.body).not.toHaveProperty('detail');
    }
  });

  test('finds keys by alias, and shows a key without a user only itself', async () => {
    const mine = await make({ key_alias: 'v2-alias' });
    const other = await make();
    const body = { keys: [mine.key, other.key], key_aliases: ['v2-alias'] };
    const all = await callGateway(gateway, 'POST /v2/key/info', { body });
    expect(all.body.info.map(({ token }: { token: string }) => token)).toEqual([mine.token, other.token]);
    const own = await callGateway(gateway, 'POST /v2/key/info', { body, key: mine.key });
    expect(own.body.info.map(({ token }: { token: string }) => token)).toEqual([mine.token]);
  });
});

describe('GET /key/list', () => {
  beforeAll(async () => {
    for (const [index, name] of ['beta', 'alpha', 'gamma'].entries()) {
      await make({
        key_alias: `list-${name}`,
        team_id: 'list',
        user_id: `lu-${index}`,
        max_budget: index,
        tags: [name],
        project_id: `project-${index}`,
        access_group_ids: ['group-all', `group-${index}`],
      });
    }
  });
  const list = (query: string) => callGateway(gateway, `GET /key/list?${query}`);
  const aliases = async (query: string) =>
    (await list(`${query}&return_full_object=true`)).body.keys.map((row: { key_alias: string }) => row.key_alias);

  test('pages, newest first, and counts what the filter matches', async () => {
    expect(await aliases('team_id=list')).toEqual(['list-gamma', 'list-alpha', 'list-beta']);
    const second = await list('team_id=list&size=2&page=2');
    expect(second.body).toEqual({ keys: [expect.any(String)], total_count: 3, current_page: 2, total_pages: 2 });
    expect((await list('team_id=list&page=9')).body).toMatchObject({ keys: [], total_count: 3 });
  });

  test.each([
    ['team_id=list&key_alias=list-alpha', ['list-alpha']],
    ['team_id=list&user_id=lu-0', ['list-beta']],
    ['team_id=list&user_id=', ['list-gamma', 'list-alpha', 'list-beta']],
    ['team_id=list&tag=gamma', ['list-gamma']],
    ['search=LIST-AL', ['list-alpha']],
    ['project_id=project-1', ['list-alpha']],
    ['team_id=list&project_id=&access_group_id=', ['list-gamma', 'list-alpha', 'list-beta']],
    ['access_group_id=group-all', ['list-gamma', 'list-alpha', 'list-beta']],
    ['access_group_id=group-2', ['list-gamma']],
    ['access_group_id=group', []],
    ['team_id=list&sort_by=key_alias&sort_order=asc', ['list-alpha', 'list-beta', 'list-gamma']],
    ['team_id=list&sort_by=max_budget&sort_order=desc', ['list-gamma', 'list-alpha', 'list-beta']],
    [
      'team_id=list&include_team_keys=true&include_created_by_keys=true&expand=user',
      ['list-gamma', 'list-alpha', 'list-beta'],
    ],
    ['team_id=nobody', []],
  ])('%s', async (query, expected) => {
    expect(await aliases(query)).toEqual(expected);
  });

  test('shows deleted keys only when asked for them', async () => {
    const { token } = await make({ key_alias: 'list-gone', team_id: 'list-gone' });
    await callGateway(gateway, 'POST /key/delete', { body: { key_aliases: ['list-gone'] } });
    expect((await list('team_id=list-gone')).body.keys).toEqual([]);
    expect((await list('team_id=list-gone&status=deleted')).body.keys).toEqual([token]);
  });

  test.each([
    ['size=101', 422, 'size'],
    ['size=0', 422, 'size'],
    ['page=0', 422, 'page'],
    ['page=abc', 422, 'page'],
    ['page=1.5', 422, 'page'],
    ['colour=red', 400, 'colour'],
    ['sort_by=secret', 400, 'sort_by'],
    ['sort_order=up', 400, 'sort_order'],
    ['status=odd', 400, 'status'],
    ['expires_before=soon', 422, 'expires_before'],
  ])('refuses %s with %i', async (query, status, param) => {
    expect(await list(query)).toMatchObject({ status, body: { error: { param } } });
  });

  test('names the parameters that there are when it refuses one', async () => {
    const { body } = await list('colour=red&shape=round');
    expect(body.error).toMatchObject({ type: 'bad_request_error', param: 'colour, shape' });
    expect(body.error.message).toMatch(/^Unsupported parameter\(s\): colour, shape\. Supported parameters: page, size/);
    expect((await list('size=101')).body.detail).toEqual([
      expect.objectContaining({
        type: 'less_than_equal',
        loc: ['query', 'size'],
        msg: 'Input should be less than or equal to 100',
      }),
    ]);
    const messageOf = async (query: string) => (await list(query)).body.detail[0].msg as string;
    expect(await messageOf('size=0')).toBe('Input should be greater than or equal to 1');
    for (const query of ['size=x', 'size=1.5']) expect(await messageOf(query)).toBe('Input should be a valid integer');
  });

  test('is not for a key without a user', async () => {
    const { key } = await make();
    expect((await callGateway(gateway, 'GET /key/list', { key })).status).toBe(401);
  });
});

describe('POST /key/health', () => {
  test('refuses an entry without a name', async () => {
    const { key } = await make({ metadata: { logging: [{}] } });
    expect((await callGateway(gateway, 'POST /key/health', { key })).status).toBe(400);
  });
});

describe('POST /key/block and /key/delete', () => {
  test('refuse what they do not find, and change nothing', async () => {
    const { key } = await make();
    expect(await callGateway(gateway, 'POST /key/block', { body: { key: 'nobody' } })).toMatchObject({
      status: 404,
      body: { error: { param: 'key' } },
    });
    expect((await callGateway(gateway, 'POST /key/block', { body: {} })).status).toBe(422);
    expect((await callGateway(gateway, 'POST /key/delete', { body: { keys: [key, 'nobody'] } })).status).toBe(404);
    expect((await callGateway(gateway, 'POST /key/delete', { body: {} })).status).toBe(422);
    expect((await callGateway(gateway, 'POST /key/delete', { body: { keys: key } })).status).toBe(422);
    expect((await callGateway(gateway, 'GET /models', { key })).status).toBe(200);
  });

  test('are not for a key without a user', async () => {
    const { key } = await make();
    for (const path of ['block', 'unblock', 'delete', 'update'] as const) {
      const answer = await callGateway(gateway, `POST /key/${path}`, { key, body: { key, keys: [key] } });
      expect(answer.status, path).toBe(401);
    }
  });
});
