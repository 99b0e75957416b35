// What log destinations of keys and teams may name of the server's own: nothing, unless an administrator wrote it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const FILE = { gcs_bucket_name: 'mine', gcs_path_service_account: '/etc/operator.json' };
const BUCKET = { gcs_bucket_name: 'of-others' };
const VARIABLE = { endpoint: 'https://mine.example', headers: 'os.environ/LATCHKEY_MASTER_KEY' };
/** As a key or a team may have them in its metadata. */
const asLogging = (callback_name: string, callback_vars: object) => ({ logging: [{ callback_name, callback_vars }] });
const asSettings = (name: string, callback_vars: object) => ({
  callback_settings: { success_callback: [name], failure_callback: [name], callback_vars },
});
const FORMS = [
  ['a file in logging', asLogging('gcs_bucket', FILE)],
  ['a file in callback_settings', asSettings('gcs_bucket', FILE)],
  ['a bucket without an account in logging', asLogging('gcs_bucket', BUCKET)],
  ['a bucket without an account in callback_settings', asSettings('gcs_bucket', BUCKET)],
  ['a variable in logging', asLogging('generic_api', VARIABLE)],
  ['a variable in callback_settings', asSettings('generic_api', VARIABLE)],
] as const;

let gateway: TestApp;
const callers: Record<string, string> = {};
const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });

beforeAll(async () => {
  gateway = await startTestApp();
  await post('/team/new', { team_id: 'crew' });
  for (const [user_id, role] of [
    ['lead', 'admin'],
    ['ada', 'user'],
  ] as const) {
    await post('/user/new', { user_id, user_role: 'internal_user', auto_create_key: false });
    await post('/team/member_add', { team_id: 'crew', member: { user_id, role } });
    callers[user_id] = (await post('/key/generate', { user_id })).body.key;
  }
});
afterAll(() => gateway.close());

describe.each(FORMS)('%s', (_what, metadata) => {
  test.each([
    ['lead', 'POST /key/generate', { team_id: 'crew' }],
    ['lead', 'POST /key/generate', { team_id: 'crew', user_id: 'ada' }],
    ['ada', 'POST /key/generate', {}],
    ['lead', 'POST /key/service-account/generate', { team_id: 'crew' }],
    ['lead', 'POST /team/update', { team_id: 'crew' }],
  ])('is refused of %s by %s %j', async (caller, request, fields) => {
    const body = { ...fields, metadata };
    const answer = await callGateway(gateway, request, { body, key: callers[caller] as string });
    expect([400, 403], JSON.stringify(answer.body)).toContain(answer.status);
    expect(JSON.stringify(answer.body)).not.toContain('operator.json');
  });

  test('cannot be put into a key of one’s own later', async () => {
    const { key } = (await post('/key/generate', { user_id: 'lead', team_id: 'crew' })).body;
    for (const caller of ['lead', 'ada']) {
      const answer = await post('/key/update', { key, metadata }, callers[caller] as string);
      // 401: a member who may look at the key, and whom the team does not let change it.
      expect([400, 401, 403]).toContain(answer.status);
    }
    const kept = (await callGateway(gateway, `GET /key/info?key=${key}`)).body.info.metadata;
    expect(JSON.stringify(kept)).not.toMatch(/operator.json|os.environ|of-others/);
  });

  test('is taken from an administrator, and stays when others change something else', async () => {
    const { key, status } = await post('/key/generate', { user_id: 'lead', team_id: 'crew', metadata }).then(
      (answer) => ({
        ...answer.body,
        status: answer.status,
      }),
    );
    expect(status).toBe(200);
    const changed = await post('/key/update', { key, max_budget: 1 }, callers.lead as string);
    expect(changed.status, JSON.stringify(changed.body)).toBe(200);
  });
});

test('a team’s callback names no bucket that the server’s account would be used for', async () => {
  const body = { callback_name: 'gcs_bucket', callback_vars: BUCKET };
  const refused = await post('/team/crew/callback', body, callers.lead as string);
  expect([refused.status, refused.body.error.param]).toEqual([403, 'callback_vars']);
  expect(refused.body.error.message).toContain('send gcs_path_service_account with a gcs_bucket_name');
});

test('a team’s callback names no file either, unless an administrator says so', async () => {
  const body = { callback_name: 'gcs_bucket', callback_vars: FILE };
  const refused = await post('/team/crew/callback', body, callers.lead as string);
  expect(refused.status).toBe(403);
  expect((await post('/team/crew/callback', body)).status).toBe(200);
});

test('destinations with credentials of their own are a team admin’s to write', async () => {
  const metadata = asLogging('generic_api', { endpoint: 'https://mine.example', headers: 'a=b' });
  const made = await post('/key/generate', { team_id: 'crew', metadata }, callers.lead as string);
  expect(made.status, JSON.stringify(made.body)).toBe(200);
});
