/** A key with a `service_account_id` answers to a team, and stays the account that it is. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
let team_id: string;
beforeAll(async () => {
  gateway = await startTestApp();
  team_id = (await post('/team/new', {})).body.team_id;
});
afterAll(() => gateway.close());

const post = (path: string, body: object) => callGateway(gateway, `POST ${path}`, { body });
const metadata = { service_account_id: 'robot' };
const account = async () => (await post('/key/generate', { team_id, metadata })).body;

test('is refused without a team, when it is made and when it becomes one', async () => {
  const { key } = (await post('/key/generate', { metadata: { service_account_id: null } })).body;
  for (const [path, body] of [
    ['/key/generate', { metadata }],
    ['/key/update', { key, metadata }],
    ['/key/update', { key: (await account()).key, team_id: null }],
    ['/key/regenerate', { key, metadata }],
  ] as const) {
    const answer = await post(path, body);
    expect(answer, path).toMatchObject({ status: 400, body: { error: { param: 'team_id' } } });
    expect(answer.body.error.message).toContain('team_id is required for service account keys');
  }
});

test('stays the account that it is, whatever else its metadata becomes', async () => {
  const { key } = await account();
  const replaced = await post('/key/update', { key, metadata: { cost_center: '7' } });
  expect(replaced).toMatchObject({ status: 200, body: { metadata: { ...metadata, cost_center: '7' } } });
  expect((await post('/key/update', { key, metadata: { ...metadata, a: 1 } })).body.metadata).toEqual({
    ...metadata,
    a: 1,
  });
  for (const other of [
    { service_account_id: 'else' },
    { service_account_id: null },
    { service_account_id: '' },
    null,
  ]) {
    const refused = await post('/key/update', { key, metadata: other });
    expect(refused, JSON.stringify(other)).toMatchObject({ status: 400, body: { error: { param: 'metadata' } } });
    expect(refused.body.error.message).toContain('service_account_id is immutable once set');
  }
});

test('may become another team’s', async () => {
  const { key } = await account();
  const other = (await post('/team/new', {})).body.team_id;
  expect((await post('/key/update', { key, team_id: other })).body).toMatchObject({ team_id: other, metadata });
});

test('says so where its team does not exist', async () => {
  const { status, body } = await post('/key/service-account/generate', { team_id: 'no-such-team' });
  expect([status, body.error.param]).toEqual([400, 'team_id']);
  expect(body.error.message).toContain('team_id does not exist in the database');
});
