// Who is found among users by which words, and who may look.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
let clockMs = Date.UTC(2026, 3, 1, 12);
let orgBoss: string;

const post = async (path: string, body: object) => {
  const answer = await callGateway(gateway, `POST ${path}`, { body });
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.body;
};
const get = (path: string, key?: string) => callGateway(gateway, `GET ${path}`, key === undefined ? {} : { key });
const listed = async (query: string, key?: string) => {
  const { status, body } = await get(`/user/list?${query}`, key);
  expect([query, status]).toEqual([query, 200]);
  return body.users.map(({ user_id: id }: { user_id: string }) => id);
};
const filtered = async (query: string, key?: string) => {
  const { body } = await get(`/user/filter/ui?${query}`, key);
  return body.map(({ user_id: id }: { user_id: string }) => id);
};

beforeAll(async () => {
  gateway = await startTestApp({ nowMs: () => clockMs });
  for (const id of ['acme', 'globex']) {
    await post('/organization/new', { organization_id: id, organization_alias: id });
  }
  for (const [user_id, user_email, more] of [
    ['Ada', 'ada@one.example', { organizations: ['acme'] }],
    ['ada-two', 'two@one.example', { organizations: ['globex'] }],
    ['grace+1', 'grace@ada.example', {}],
    ['org-boss', 'boss@one.example', {}],
  ] as const) {
    clockMs += 1_000;
    await post('/user/new', { user_id, user_email, user_alias: `alias of ${user_id}`, ...more });
  }
  await post('/organization/member_add', {
    organization_id: 'acme',
    member: { role: 'org_admin', user_id: 'org-boss' },
  });
  await post('/key/generate', { user_id: 'Ada', organization_id: 'acme' });
  orgBoss = (await post('/key/generate', { user_id: 'org-boss' })).key;
});
afterAll(() => gateway.close());

describe('GET /user/list', () => {
  test('finds by a part of one id, or by several ids whole', async () => {
    expect(await listed('user_ids=ADA&sort_by=user_id')).toEqual(['Ada', 'ada-two']);
    expect(await listed('user_ids=ada,ada-two')).toEqual(['ada-two']);
    expect(await listed('user_ids=ad%25')).toEqual([]);
  });

  test('looks for an address in addresses alone', async () => {
    expect(await listed('user_email=ADA@')).toEqual(['Ada']);
    expect(await listed('user_email=@ada')).toEqual(['grace+1']);
    expect(await listed('user_email=alias')).toEqual([]);
    expect(await listed('search=alias%20of%20ada-t')).toEqual(['ada-two']);
    expect(await listed('search=alias&user_email=one.example&user_ids=two')).toEqual(['ada-two']);
  });

  test('shows the latest first, and what is sorted from its beginning', async () => {
    const latest = await listed('');
    expect(latest.slice(0, 2)).toEqual(['org-boss', 'grace+1']);
    expect((await listed('sort_by=created_at')).slice(-2)).toEqual(['grace+1', 'org-boss']);
  });

  test('counts the keys of each, as far as they may be seen', async () => {
    const counts = async (key?: string) =>
      (await get('/user/list?user_ids=Ada,org-boss&sort_by=user_id', key)).body.users.map(
        ({ user_id: id, key_count: count }: { user_id: string; key_count: number }) => [id, count],
      );
    expect(await counts()).toEqual([
      ['Ada', 2],
      ['org-boss', 2],
    ]);
    expect(await counts(orgBoss)).toEqual([
      ['Ada', 1],
      ['org-boss', 2],
    ]);
  });

  test('is for those who manage people', async () => {
    expect(await listed('sort_by=user_id', orgBoss)).toEqual(['Ada', 'org-boss']);
    expect(await listed('organization_ids=acme,globex&sort_by=user_id', orgBoss)).toEqual(['Ada', 'org-boss']);
    const foreign = await get('/user/list?organization_ids=globex', orgBoss);
    expect([foreign.status, foreign.body.error.param]).toEqual([403, 'organization_ids']);
    expect(await listed('organization_ids=globex')).toEqual(['ada-two']);
  });

  test('shows every field that LiteLLM shows', async () => {
    const { body } = await get('/user/list?user_ids=ada-two');
    expect(body.users[0]).toMatchObject({ sso_user_id: null, object_permission: null });
  });
});

describe('GET /user/filter/ui', () => {
  test('looks for each part in its own field, page by page', async () => {
    expect(await filtered('user_id=ada')).toEqual(['ada-two', 'Ada']);
    expect(await filtered('user_email=ada')).toEqual(['grace+1', 'Ada']);
    expect(await filtered('user_id=two&user_email=one')).toEqual(['ada-two']);
    expect(await filtered('user_id=ada&page_size=1&page=2')).toEqual(['Ada']);
    expect(await filtered('user_id=ada&page=3')).toEqual([]);
    expect(await filtered('organization_id=acme&user_id=a')).toEqual(['Ada']);
    expect((await get('/user/filter/ui?page_size=0')).status).toBe(422);
  });

  test('finds for an admin of an organisation who is in it', async () => {
    expect(await filtered('user_id=ada', orgBoss)).toEqual(['Ada']);
  });
});

describe('one user', () => {
  test.each(['/user/info', '/v2/user/info'])('is named with a plus sign in %s', async (path) => {
    for (const name of ['grace+1', 'grace%2B1']) {
      const { status, body } = await get(`${path}?user_id=${name}`);
      expect([name, status, body.user_id]).toEqual([name, 200, 'grace+1']);
    }
  });

  test('is told apart from nobody by /v2/user/info only where it may be seen', async () => {
    const unknown = await get('/v2/user/info?user_id=nobody');
    expect([unknown.status, unknown.body.error.message]).toEqual([404, 'User not found: nobody']);
    const foreign = await get('/v2/user/info?user_id=ada-two', orgBoss);
    expect([foreign.status, foreign.body.error.message]).toEqual([404, 'User not found: ada-two']);
    expect((await get('/v2/user/info?user_id=Ada', orgBoss)).body.user_id).toBe('Ada');
    expect((await get('/v2/user/info')).status).toBe(404);
  });
});
