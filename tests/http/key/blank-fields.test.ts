/** Forms send an empty text for what was left blank. It names no owner, and changes no length of time. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const NO_OWNER = { team_id: '', organization_id: '', project_id: '', agent_id: '' };
const BLANK = { ...NO_OWNER, duration: '', budget_duration: '', rotation_interval: '' };

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });

test('a new key with blank fields is one without them', async () => {
  const { status, body } = await post('/key/generate', { ...NO_OWNER, user_id: '', budget_id: '', key_alias: '' });
  const none = { team_id: null, organization_id: null, project_id: null, agent_id: null };
  expect([status, body]).toMatchObject([200, { ...none, user_id: null, budget_id: null, key_alias: null }]);
});

test.each(['duration', 'budget_duration'])('a new key’s %s has to be one', async (param) => {
  expect(await post('/key/generate', { [param]: '' })).toMatchObject({ status: 400, body: { error: { param } } });
});

describe('a change with blank fields', () => {
  const made = async () => {
    const { team_id } = (await post('/team/new', {})).body;
    const said = { team_id, duration: '30d', budget_duration: '7d', project_id: 'p', user_id: 'somebody' };
    return (await post('/key/generate', { ...said, max_budget: 5 })).body;
  };

  test.each(['update', 'regenerate'])('by /key/%s leaves the key where it is and as long as it lives', async (act) => {
    const { key, team_id, expires } = await made();
    expect(await post(`/key/${act}`, { key, ...BLANK })).toMatchObject({
      status: 200,
      body: { team_id, expires, budget_duration: '7d', project_id: 'p', user_id: 'somebody' },
    });
  });

  test('takes the user and the budget row from the key', async () => {
    const { key } = await made();
    await post('/budget/new', { budget_id: 'row', max_budget: 1 });
    await post('/key/update', { key, budget_id: 'row' });
    const { body } = await post('/key/update', { key, user_id: '', budget_id: '' });
    expect(body).toMatchObject({ user_id: null, budget_id: null });
  });

  test('does not take its user from a key for whoever is no administrator', async () => {
    await post('/user/new', { user_id: 'ann', user_role: 'internal_user', auto_create_key: false });
    const { key } = (await post('/key/generate', { user_id: 'ann' })).body;
    for (const user_id of ['', null]) {
      const refused = await post('/key/update', { key, user_id }, key);
      expect(refused).toMatchObject({ status: 403, body: { error: { param: 'user_id' } } });
      expect(refused.body.error.message).toContain('cannot remove the user_id');
    }
    expect((await post('/key/update', { key, ...BLANK, user_id: 'ann' }, key)).status).toBe(200);
  });
});
