// GET /audit and its companions: what administrators can ask of the audit log, and what nobody else can.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Hex } from '../../../src/core/key-secret.ts';
import { type Answer, type CallOptions, callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const call = (request: string, options?: CallOptions): Promise<Answer> => callGateway(gateway, request, options);

interface MadeKey {
  key: string;
  token: string;
  key_id: string;
}
const makeKey = async (body: object = {}): Promise<MadeKey> => (await call('POST /key/generate', { body })).body;
const list = async (query: string) => (await call(`GET /audit?${query}`)).body;
// biome-ignore lint/suspicious/noExplicitAny: rows are looked into, member by member
const actionsOf = async (query: string) => (await list(query)).audit_logs.map((row: any) => row.action);

describe('a row', () => {
  test('says who did what to which key, from where, with which credential, in LiteLLM’s fields and ours', async () => {
    const made = await call('POST /key/generate', {
      body: { key_alias: 'row', max_budget: 1.5, duration: '1h' },
      headers: { 'litellm-changed-by': ' krrish@berri.ai ', 'user-agent': 'terraform/1.0' },
    });
    const { audit_logs: rows, ...page } = await list(`object_id=${made.body.token}`);
    expect(page).toEqual({ total: 1, page: 1, page_size: 10, total_pages: 1 });
    expect(rows).toEqual([
      {
        id: expect.stringMatching(/^audit_/),
        updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/),
        changed_by: 'krrish@berri.ai',
        changed_by_api_key: sha256Hex(gateway.masterKey),
        action: 'created',
        table_name: 'LiteLLM_VerificationToken',
        object_id: made.body.token,
        before_value: null,
        updated_values: expect.objectContaining({ key_alias: 'row', max_budget: 1.5, token: made.body.token }),
        object_key_id: made.body.key_id,
        object_name: 'row',
        caller_kind: 'master_key',
        caller_user_id: 'default_user_id',
        caller_key_id: null,
        caller_session_id: null,
        request_id: made.headers['x-request-id'],
        source_ip: '127.0.0.1',
        user_agent: 'terraform/1.0',
        route: 'POST /key/generate',
        seq: expect.any(Number),
        prev_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
    expect(JSON.stringify(rows)).not.toContain(made.body.key);
  });

  test('is found by its id; an unknown one is 404', async () => {
    const { audit_logs: rows } = await list('page_size=1');
    expect((await call(`GET /audit/${rows[0].id}`)).body).toEqual(rows[0]);
    const unknown = await call('GET /audit/audit_none');
    expect([unknown.status, unknown.body.error.param]).toEqual([404, 'id']);
  });

  test('of a change names before and after of what changed, and nothing else', async () => {
    const { key, token } = await makeKey({ max_budget: 1, rpm_limit: 5 });
    await call('POST /key/update', { body: { key, max_budget: 2, rpm_limit: 5 } });
    const [row] = (await list(`object_id=${token}&action=updated`)).audit_logs;
    expect([row.before_value, row.updated_values]).toEqual([{ max_budget: 1 }, { max_budget: 2 }]);
  });
});

describe('the list', () => {
  test('finds a key’s whole life by its present hash, an old one, its key_id, or its secret', async () => {
    const old = await makeKey();
    await call('POST /key/block', { body: { key: old.key } });
    await call('POST /key/unblock', { body: { key: old.key } });
    const { body: next } = await call('POST /key/regenerate', { body: { key: old.key } });
    await call('POST /key/delete', { body: { keys: [next.key] } });
    const life = ['deleted', 'rotated', 'unblocked', 'blocked', 'created'];
    for (const name of [next.token, old.token, old.key_id, next.key]) {
      expect(await actionsOf(`object_id=${name}`)).toEqual(life);
    }
    expect(await actionsOf(`object_key_hash=${old.token}`)).toEqual(life);
    expect(await actionsOf(`object_id=${old.key_id}&action=rotated`)).toEqual(['rotated']);
  });

  test('is filtered by who, with what, on what and when, all at once', async () => {
    await call('POST /key/generate', { body: {}, headers: { 'litellm-changed-by': 'only-me' } });
    const today = new Date().toISOString().slice(0, 10);
    const hash = sha256Hex(gateway.masterKey);
    const all = `changed_by=only-me&changed_by_api_key=${hash}&table_name=LiteLLM_VerificationToken&action=created`;
    expect(await actionsOf(`${all}&start_date=${today}&end_date=${today}`)).toEqual(['created']);
    for (const other of [
      'action=deleted',
      'changed_by_api_key=x',
      'table_name=x',
      'end_date=2020-01-01',
      'object_id=x',
    ]) {
      expect(await actionsOf(`${all.replace(`${other.split('=')[0]}=`, 'page=1&x=')}&${other}`)).toEqual([]);
    }
    expect((await list('action=&changed_by=&sort_order=')).total).toBeGreaterThan(1);
  });

  test('comes in pages that neither repeat nor leave out a row, in either direction', async () => {
    for (let number = 0; number < 5; number++) {
      await call('POST /key/generate', { body: {}, headers: { 'litellm-changed-by': 'pager' } });
    }
    const page = async (number: number, order: string) =>
      (await list(`changed_by=pager&page=${number}&page_size=2&sort_by=updated_at&sort_order=${order}`)).audit_logs.map(
        (row: { seq: number }) => row.seq,
      );
    const seqs = [...(await page(1, 'asc')), ...(await page(2, 'asc')), ...(await page(3, 'asc'))];
    expect(seqs).toHaveLength(5);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect([...(await page(1, 'desc')), ...(await page(2, 'desc')), ...(await page(3, 'desc'))]).toEqual(
      seqs.reverse(),
    );
    expect(await list('changed_by=pager&page=9&page_size=2')).toMatchObject({
      audit_logs: [],
      total: 5,
      total_pages: 3,
    });
  });

  test.each([
    ['page=0', 'page'],
    ['page=x', 'page'],
    ['page_size=101', 'page_size'],
    ['sort_by=before_value', 'sort_by'],
    ['sort_by=__proto__', 'sort_by'],
    ['sort_order=up', 'sort_order'],
    ['start_date=yesterday', 'start_date'],
    ['end_date=2026-02-31', 'end_date'],
    ['object_team_id=t', 'object_team_id'],
  ])('with %s is refused, naming it', async (query, param) => {
    const { status, body } = await call(`GET /audit?${query}`);
    expect([status >= 400 && status < 500, body.error.param]).toEqual([true, param]);
  });
});

describe('nobody but administrators', () => {
  const routes = ['/audit', '/audit/some-id', '/audit/export', '/audit/checkpoint'];

  test.each(routes)('reads %s', async (route) => {
    const { key } = await makeKey();
    const refused = await call(`GET ${route}`, { key });
    expect(refused.status).toBe(401);
    expect(JSON.stringify(refused.body)).not.toContain('audit_logs');
    expect((await call(`GET ${route}`, { key: null })).status).toBe(401);
  });
});

describe('an export', () => {
  const exported = async (query: string) =>
    gateway.app.inject({ url: `/audit/export?${query}`, headers: { authorization: `Bearer ${gateway.masterKey}` } });

  test('is the log as a file, a row a line, oldest first', async () => {
    const response = await exported('');
    expect(response.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    expect(response.headers['content-disposition']).toBe('attachment; filename="audit.ndjson"');
    const rows = response.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
    expect(rows).toHaveLength((await list('')).total);
    expect(rows.at(-1)).toEqual((await list('page_size=1')).audit_logs[0]);
  });

  test('takes the filters of the list', async () => {
    const { token } = await makeKey();
    const rows = (await exported(`object_id=${token}`)).body.trimEnd().split('\n');
    expect(rows.map((line) => JSON.parse(line).action)).toEqual(['created']);
    expect((await exported('changed_by=nobody')).body).toBe('');
    expect((await exported('format=xml')).statusCode).toBe(422);
  });

  test('as CSV is safe to open in a spreadsheet', async () => {
    await call('POST /key/generate', {
      body: { key_alias: '=cmd|calc' },
      headers: { 'litellm-changed-by': '=HYPERLINK("x","y")', 'user-agent': '@sum(1), "quoted"' },
    });
    const response = await exported(`format=csv&changed_by=${encodeURIComponent('=HYPERLINK("x","y")')}`);
    expect(response.headers['content-type']).toBe('text/csv; charset=utf-8');
    const [header, row] = response.body.split('\r\n');
    expect(header?.split(',').slice(0, 9)).toEqual([
      ...['id', 'updated_at', 'changed_by', 'changed_by_api_key', 'action', 'table_name', 'object_id'],
      ...['before_value', 'updated_values'],
    ]);
    expect(row).toContain(`,"'=HYPERLINK(""x"",""y"")",`);
    expect(row).toContain(`,'=cmd|calc,`);
    expect(row).toContain(`,"'@sum(1), ""quoted""",`);
    expect(row).not.toMatch(/(^|,)"?[=+@-]/);
  });
});

test('a checkpoint says where the log is, signed', async () => {
  await makeKey();
  const { body } = await call('GET /audit/checkpoint');
  const [last] = (await list('page_size=1')).audit_logs;
  expect(body).toMatchObject({ type: 'latchkey-audit-checkpoint', seq: last.seq, hash: last.hash });
  expect(body.signature).toMatch(/^[\w-]{86}$/);
});
