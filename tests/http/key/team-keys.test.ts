/** POST /team/key/bulk_update: the keys of a team, changed alike. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
const secrets: Record<string, string> = {};
const post = (path: string, body: object, who?: string) =>
  callGateway(gateway, `POST ${path}`, who === undefined ? { body } : { body, key: secrets[who] ?? '' });
const make = async (body: object) => (await post('/key/generate', body)).body;
const bulk = (body: object, who?: string) => post('/team/key/bulk_update', body, who);
const info = async (key: string) => (await callGateway(gateway, `GET /key/info?key=${key}`)).body.info;

beforeAll(async () => {
  gateway = await startTestApp();
  for (const user_id of ['lead', 'mate', 'stranger']) {
    await post('/user/new', { user_id, user_role: 'internal_user', auto_create_key: false });
    secrets[user_id] = (await make({ user_id })).key;
  }
  const members = [
    { user_id: 'lead', role: 'admin' },
    { user_id: 'mate', role: 'user' },
  ];
  await post('/team/new', { team_id: 'crew', members_with_roles: members });
  await post('/team/new', { team_id: 'open', members_with_roles: members, team_member_permissions: ['/key/update'] });
  await post('/team/new', { team_id: 'empty' });
});
afterAll(() => gateway.close());

describe('POST /team/key/bulk_update', () => {
  test('changes the keys that are named, each once, and none of another team', async () => {
    const one = await make({ team_id: 'crew', metadata: { a: 1 } });
    const two = await make({ team_id: 'crew', key_alias: 'second' });
    const other = await make({ team_id: 'open', max_budget: 7 });
    const key_ids = [one.token, one.token, 'second', other.token, 'nobody'];
    const { status, body } = await bulk({ team_id: 'crew', key_ids, update_fields: { max_budget: 3, tags: ['t'] } });
    expect([status, body.total_requested]).toEqual([200, 4]);
    expect(body.successful_updates).toMatchObject([
      { key: one.token, key_info: { max_budget: 3, metadata: { a: 1, tags: ['t'] } } },
      { key: two.token, key_info: { max_budget: 3 } },
    ]);
    expect(body.failed_updates).toEqual(
      [other.token, 'nobody'].map((key) => ({ key, key_info: null, failed_reason: 'Key not found in team crew' })),
    );
    expect(await info(other.token)).toMatchObject({ max_budget: 7 });
    const log = await callGateway(gateway, `GET /audit?object_id=${one.token}&action=updated`);
    expect(log.body.audit_logs).toHaveLength(1);
  });

  test('or all of the team that are neither blocked nor expired', async () => {
    await post('/team/new', { team_id: 'all' });
    const live = await make({ team_id: 'all', key_alias: 'live-one' });
    const blocked = await make({ team_id: 'all', blocked: true });
    const { body } = await bulk({ team_id: 'all', all_keys_in_team: true, update_fields: { rpm_limit: 9 } });
    expect(body).toMatchObject({ total_requested: 1, successful_updates: [{ key: live.token }], failed_updates: [] });
    expect([(await info(live.token)).rpm_limit, (await info(blocked.token)).rpm_limit]).toEqual([9, null]);
  });

  test('is for administrators of the team, and for members as far as /key/update is', async () => {
    const ask = async (who: string, team_id: string) => {
      const nobodys = await make({ team_id });
      const others = await make({ team_id, user_id: 'lead' });
      const key_ids = [nobodys.token, others.token];
      return bulk({ team_id, key_ids, update_fields: { rpm_limit: 1 } }, who);
    };
    expect((await ask('lead', 'crew')).body).toMatchObject({ total_requested: 2, failed_updates: [] });
    expect((await ask('mate', 'crew')).status).toBe(401);
    const { body } = await ask('mate', 'open');
    expect([body.successful_updates.length, body.failed_updates.length]).toEqual([1, 1]);
    const [known, unknown] = [
      await ask('stranger', 'open'),
      await bulk({ team_id: 'none', all_keys_in_team: true, update_fields: { rpm_limit: 1 } }, 'stranger'),
    ];
    expect([known.status, unknown.status]).toEqual([401, 401]);
    expect(unknown.body.error.message).toBe(known.body.error.message.replace('open.', 'none.'));
  });

  test.each([
    ['no choice of keys', {}, 422],
    ['no key', { key_ids: [] }, 422],
    ['two choices', { key_ids: ['a'], all_keys_in_team: true }, 422],
    ['nothing to change', { key_ids: ['a'], update_fields: {} }, 422],
    ['half a temporary budget', { key_ids: ['a'], update_fields: { temp_budget_increase: 1 } }, 422],
    ['too many', { key_ids: Array.from({ length: 501 }, (_, index) => `k-${index}`) }, 400],
    ['a team without keys', { team_id: 'empty', all_keys_in_team: true }, 404],
  ])('refuses %s', async (_what, body, status) => {
    expect((await bulk({ team_id: 'crew', update_fields: { rpm_limit: 1 }, ...body })).status).toBe(status);
  });

  test.each(
    [
      ...['key', 'key_alias', 'team_id', 'user_id', 'organization_id', 'models', 'blocked', 'allowed_routes', 'spend'],
      ...['permissions', 'key_type', 'config', 'router_settings', 'object_permission', 'access_group_ids', 'colour'],
    ].map((name) => [name]),
  )('does not take %s', async (name) => {
    const answer = await bulk({ team_id: 'crew', key_ids: ['a'], update_fields: { rpm_limit: 1, [name]: null } });
    expect(answer.status).toBe(422);
  });
});
