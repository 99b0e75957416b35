// team_member_key_duration: how long keys live that people have in a team.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const clock = { nowMs: Date.parse('2026-04-01T12:00:00Z') };
const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(clock.nowMs + days * DAY_MS).toISOString().replace('000Z', '000000+00:00');

let gateway: TestApp;
/** Keys of people in no team, which call for them. */
const callers: Record<string, string> = {};
const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });
const expiryOf = async (key: string) => (await callGateway(gateway, `GET /key/info?key=${key}`)).body.info.expires;
const refused = (param = 'duration') => ({ status: 400, body: { error: { param, code: '400' } } });

beforeAll(async () => {
  gateway = await startTestApp({ nowMs: () => clock.nowMs });
  for (const user_id of ['boss', 'ada']) {
    await post('/user/new', { user_id, user_role: 'internal_user', auto_create_key: false });
    callers[user_id] = (await post('/key/generate', { user_id })).body.key;
  }
  const team = await post('/team/new', {
    team_id: 'months',
    team_member_key_duration: '30d',
    team_member_permissions: ['/key/generate', '/key/update', '/key/regenerate', '/key/info'],
    members_with_roles: [
      { user_id: 'boss', role: 'admin' },
      { user_id: 'ada', role: 'user' },
    ],
  });
  expect(team).toMatchObject({ status: 200, body: { metadata: { team_member_key_duration: '30d' } } });
  expect(team.headers['x-latchkey-not-enforced']).toBeUndefined();
});
afterAll(() => gateway.close());

describe('a new key in the team', () => {
  test.each([
    ['of a member', 'ada', {}],
    ['of its admin', 'boss', {}],
    ['that an administrator makes for a member', undefined, { user_id: 'ada' }],
    ['with a duration of null', 'ada', { duration: null }],
  ])('%s lives as long as the team says', async (_name, who, fields) => {
    const { status, body } = await post('/key/generate', { team_id: 'months', ...fields }, who && callers[who]);
    expect(status).toBe(200);
    expect(body.expires).toBe(inDays(30));
    expect(await expiryOf(body.key)).toBe(inDays(30));
  });

  test('lives as long as it asks for, if that is less', async () => {
    const { body } = await post('/key/generate', { team_id: 'months', duration: '7d' }, callers.ada);
    expect(body.expires).toBe(inDays(7));
    expect((await post('/key/generate', { team_id: 'months', duration: '30d' }, callers.ada)).status).toBe(200);
  });

  test.each(['31d', '2mo', '-1'])('is refused where it asks for %s, whoever asks', async (duration) => {
    const own = await post('/key/generate', { team_id: 'months', duration }, callers.ada);
    expect(own).toMatchObject(refused());
    expect(own.body.error.message).toContain('team_member_key_duration');
    expect(await post('/key/generate', { team_id: 'months', user_id: 'ada', duration })).toMatchObject(refused());
  });

  test('is not bound where it is nobody’s: keys of services', async () => {
    const account = await post('/key/service-account/generate', { team_id: 'months' }, callers.boss);
    expect(account).toMatchObject({ status: 200, body: { expires: null } });
    expect(await post('/key/generate', { team_id: 'months' })).toMatchObject({ status: 200, body: { expires: null } });
  });

  test('that comes with a new user lives as long', async () => {
    const { body } = await post('/user/new', { user_id: 'new', team_id: 'months' });
    expect(await expiryOf(body.key)).toBe(inDays(30));
  });
});

describe('a key that there is', () => {
  test('is not made to live longer by its user, and by whoever administers the team it is', async () => {
    const { key } = (await post('/key/generate', { team_id: 'months' }, callers.ada)).body;
    for (const duration of ['31d', '-1', null]) {
      expect(await post('/key/update', { key, duration }, callers.ada)).toMatchObject(refused());
      expect(await post('/key/regenerate', { key, duration }, callers.ada)).toMatchObject(refused());
    }
    expect((await post('/key/update', { key, duration: '10d', max_budget: 1 }, callers.ada)).status).toBe(200);
    expect((await post('/key/update', { key, duration: '60d' }, callers.boss)).status).toBe(200);
    expect(await expiryOf(key)).toBe(inDays(60));
    expect((await post('/key/update', { key, duration: '50d' }, callers.ada)).status).toBe(200);
    // What it has been given it keeps, whatever else is changed.
    expect((await post('/key/update', { key, metadata: { note: 1 } }, callers.boss)).status).toBe(200);
    expect((await post('/key/update', { key, duration: '-1' })).status).toBe(200);
  });

  test('lives on as it was, where the team says so later, and is rotated by its user', async () => {
    await post('/team/new', { team_id: 'later', team_member_permissions: ['/key/generate', '/key/regenerate'] });
    await post('/team/member_add', { team_id: 'later', member: { user_id: 'ada', role: 'user' } });
    const { key } = (await post('/key/generate', { team_id: 'later' }, callers.ada)).body;
    await post('/team/update', { team_id: 'later', team_member_key_duration: '1d' });
    const rotated = await post('/key/regenerate', { key }, callers.ada);
    expect(rotated).toMatchObject({ status: 200, body: { expires: null } });
    const { body } = await post('/key/generate', { team_id: 'later' }, callers.ada);
    expect(body.expires).toBe(inDays(1));
    await post('/team/update', { team_id: 'later', team_member_key_duration: null });
    expect((await post('/key/generate', { team_id: 'later' }, callers.ada)).body.expires).toBe(null);
  });

  test('is not taken into the team to live there without an end', async () => {
    const { key } = (await post('/key/generate', {}, callers.ada)).body;
    expect(await post('/key/update', { key, team_id: 'months' }, callers.ada)).toMatchObject(refused());
    expect((await post('/key/update', { key, team_id: 'months', duration: '3d' }, callers.ada)).status).toBe(200);
  });
});

test('a team that could not be understood is refused, and a blank one says nothing', async () => {
  for (const path of ['/team/new', '/team/update']) {
    expect(await post(path, { team_id: 'months', team_member_key_duration: 'soon' })).toMatchObject(
      refused('team_member_key_duration'),
    );
    expect(await post(path, { team_id: 'months', metadata: { team_member_key_duration: 5 } })).toMatchObject(
      refused('metadata'),
    );
  }
  expect((await post('/team/new', { team_id: 'blank', team_member_key_duration: '' })).status).toBe(200);
  const { body } = await post('/key/generate', { team_id: 'blank', user_id: 'ada' });
  expect(body.expires).toBe(null);
});
