// Whom an admin of an organisation may delete: people who have to do with nobody else.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
let boss: string;
let plain: string;

const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });
const isThere = async (id: string) => (await callGateway(gateway, `GET /user/info?user_id=${id}`)).status === 200;
const join = async (organization_id: string, user_id: string, role = 'internal_user') => {
  const { status } = await post('/organization/member_add', { organization_id, member: { role, user_id } });
  expect(status).toBe(200);
};
const make = async (user_id: string, more: object = {}) => {
  const { status, body } = await post('/user/new', { user_id, user_role: 'internal_user', ...more });
  expect(status).toBe(200);
  return body.key as string;
};

beforeAll(async () => {
  gateway = await startTestApp();
  for (const id of ['acme', 'globex']) {
    await post('/organization/new', { organization_id: id, organization_alias: id });
    await post('/team/new', { team_id: `team of ${id}`, organization_id: id });
  }
  await post('/team/new', { team_id: 'team of nobody' });
  for (const id of ['boss', 'boss-too', 'plain']) await make(id, { auto_create_key: false });
  await join('acme', 'boss', 'org_admin');
  await join('acme', 'boss-too', 'org_admin');
  await join('acme', 'plain');
  boss = (await post('/key/generate', { user_id: 'boss' })).body.key;
  plain = (await post('/key/generate', { user_id: 'plain' })).body.key;
});
afterAll(() => gateway.close());

test('people of its own, with their keys', async () => {
  const key = await make('leaving');
  await join('acme', 'leaving');
  await post('/team/member_add', { team_id: 'team of acme', member: { role: 'user', user_id: 'leaving' } });
  await post('/key/generate', { user_id: 'leaving', team_id: 'team of acme' });
  await post('/key/generate', { user_id: 'leaving', organization_id: 'acme' });
  expect((await post('/user/delete', { user_ids: ['leaving'] }, boss)).body).toBe(1);
  expect(await isThere('leaving')).toBe(false);
  expect((await callGateway(gateway, 'GET /key/info', { key })).status).toBe(401);
});

test.each<[string, string, () => Promise<unknown>]>([
  ['who is nowhere', 'nowhere', () => make('nowhere')],
  ['who is elsewhere', 'elsewhere', async () => [await make('elsewhere'), await join('globex', 'elsewhere')]],
  [
    'who is elsewhere too',
    'both',
    async () => [await make('both'), await join('acme', 'both'), await join('globex', 'both')],
  ],
  [
    'who is in a team of another',
    'in-team',
    async () => [
      await make('in-team'),
      await join('acme', 'in-team'),
      await post('/team/member_add', { team_id: 'team of globex', member: { role: 'user', user_id: 'in-team' } }),
    ],
  ],
  [
    'who has a key of a team of nobody',
    'with-key',
    async () => [
      await make('with-key'),
      await join('acme', 'with-key'),
      await post('/key/generate', { user_id: 'with-key', team_id: 'team of nobody' }),
    ],
  ],
  ['who administers as well', 'boss-too', async () => {}],
  [
    'who administers the installation',
    'root',
    async () => [await make('root', { user_role: 'proxy_admin' }), await join('acme', 'root')],
  ],
  ['who asks', 'boss', async () => {}],
])('not %s', async (_who, id, prepare) => {
  await prepare();
  await make(`beside-${id}`);
  await join('acme', `beside-${id}`);
  const { status, body } = await post('/user/delete', { user_ids: [`beside-${id}`, id] }, boss);
  expect([status, body.error.param]).toEqual([403, 'user_ids']);
  expect([await isThere(id), await isThere(`beside-${id}`)]).toEqual([true, true]);
});

test('who is not there looks like who is not its own, and members delete nobody', async () => {
  const unknown = await post('/user/delete', { user_ids: ['nobody'] }, boss);
  expect([unknown.status, unknown.body.error.message]).toEqual([
    403,
    'User nobody is not within your admin scope. Ask a proxy admin to delete this user.',
  ]);
  expect((await post('/user/delete', { user_ids: ['plain'] }, plain)).status).toBe(401);
});
