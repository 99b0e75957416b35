// Whose calls and whose sums somebody may read, by what they are asked for, and in what order calls come.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildMember, buildOrganization, buildTeam, buildUser } from '../../src/storage/__fixtures__/rows.ts';
import { callGateway } from '../support/call-gateway.ts';
import { type SeededApp, startSeededApp } from '../support/seeded-app.ts';

const clock = { nowMs: Date.UTC(2026, 10, 29, 12) };
const TIMES = 'start_date=2026-11-29%2000:00:00&end_date=2026-11-29%2023:59:59';
const DAY = 'start_date=2026-11-29&end_date=2026-11-29';

let gateway: SeededApp;
// biome-ignore lint/suspicious/noExplicitAny: replies of the management API, looked into member by member
const keys: Record<string, any> = {};
/** Response ids by who called, in the order of the calls. */
const calls: Record<string, string[]> = {};

beforeAll(async () => {
  gateway = await startSeededApp(
    async (unit) => {
      await unit.organizations.insert(buildOrganization({ id: 'org' }));
      await unit.organizations.insert(buildOrganization({ id: 'elsewhere' }));
      await unit.teams.insert(buildTeam({ id: 'crew', organizationId: 'org' }));
      await unit.teams.insert(buildTeam({ id: 'open', memberPermissions: ['/spend/logs', '/team/daily/activity'] }));
      for (const id of ['ada', 'bob', 'lead', 'boss']) await unit.users.insert(buildUser({ id }));
      await unit.teamMembers.insert(buildMember({ teamId: 'crew', userId: 'ada', role: 'user' }));
      await unit.teamMembers.insert(buildMember({ teamId: 'crew', userId: 'lead', role: 'admin' }));
      await unit.teamMembers.insert(buildMember({ teamId: 'open', userId: 'ada', role: 'user' }));
      await unit.teamMembers.insert(buildMember({ teamId: 'open', userId: 'bob', role: 'user' }));
    },
    { nowMs: () => clock.nowMs, env: {} },
  );
  await callGateway(gateway, 'POST /organization/member_add', {
    body: { organization_id: 'org', member: { role: 'org_admin', user_id: 'boss' } },
  });
  for (const [name, body] of Object.entries({
    ada: { user_id: 'ada', team_id: 'crew', key_alias: 'ada at work' },
    bob: { user_id: 'bob', team_id: 'open', key_alias: 'bob' },
    lead: { user_id: 'lead' },
    boss: { user_id: 'boss', organization_id: 'org' },
    service: { team_id: 'crew' },
    nobody: {},
  })) {
    keys[name] = (await callGateway(gateway, 'POST /key/generate', { body })).body;
  }
  for (const [name, words] of [
    ['ada', 'hello'],
    ['bob', 'a longer question, for more tokens'],
    ['service', 'hi'],
    ['nobody', 'a question that is longer than all the others, for the most tokens'],
  ] as const) {
    clock.nowMs += 1_000;
    const { body } = await callGateway(gateway, 'POST /v1/chat/completions', {
      key: keys[name].key,
      body: { model: name === 'bob' ? 'gpt-4' : 'mock-gpt', messages: [{ role: 'user', content: words }] },
    });
    calls[name] = [body.id];
  }
});
afterAll(() => gateway.close());

const get = (path: string, who?: string) =>
  callGateway(gateway, `GET ${path}`, who === undefined ? {} : { key: keys[who].key });
const idsOf = async (query: string, who?: string) => {
  const { status, body } = await get(`/spend/logs/v2?${TIMES}&${query}`, who);
  expect(status).toBe(200);
  return body.data.map(({ request_id: id }: { request_id: string }) => id) as string[];
};
const of = (...names: string[]) => names.flatMap((name) => calls[name] ?? []);

describe('calls, page by page', () => {
  test('are one’s own, and those of teams and organisations that one administers', async () => {
    expect(await idsOf('', 'lead')).toEqual(of('service', 'ada'));
    expect(await idsOf('team_id=crew', 'lead')).toEqual(of('service', 'ada'));
    expect(await idsOf('user_id=ada', 'lead')).toEqual(of('ada'));
    expect(await idsOf('user_id=bob', 'lead')).toEqual([]);
    expect(await idsOf('', 'boss')).toEqual(of('service', 'ada'));
    expect(await idsOf('team_id=crew', 'boss')).toEqual(of('service', 'ada'));
  });

  test('and those of a team that opens them to its members', async () => {
    expect(await idsOf('', 'ada')).toEqual(of('bob', 'ada'));
    expect(await idsOf('team_id=open', 'ada')).toEqual(of('bob'));
    expect(await idsOf('user_id=bob', 'ada')).toEqual(of('bob'));
    expect(await idsOf('', 'bob')).toEqual(of('bob'));
  });

  test.each([
    ['ada', 'crew'],
    ['lead', 'open'],
    ['boss', 'open'],
    ['bob', 'no-such-team'],
  ])('%s is refused the calls of %s', async (who, team) => {
    const { status, body } = await get(`/spend/logs/ui?${TIMES}&team_id=${team}`, who);
    expect([status, body.error.param]).toEqual([403, 'team_id']);
  });

  test('one call by its id, to whoever may see it', async () => {
    const [id] = of('ada');
    for (const who of [undefined, 'ada', 'lead', 'boss']) {
      const { status, body } = await get(`/spend/logs/ui/${id}`, who);
      expect([who, status, Object.keys(body)]).toEqual([who, 200, ['messages', 'response', 'proxy_server_request']]);
    }
    for (const [who, status] of [
      ['bob', 403],
      ['nobody', 403],
      [undefined, 200],
    ] as const) {
      expect((await get(`/spend/logs/ui/${id}`, who)).status).toBe(status);
    }
    expect((await get('/spend/logs/ui/none', 'bob')).status).toBe(403);
    expect((await get('/spend/logs/ui/none')).status).toBe(404);
  });

  test('are found by what their rows say', async () => {
    expect(await idsOf('model_group=gpt-4')).toEqual(of('bob'));
    expect(await idsOf('key_alias=at%20w')).toEqual(of('ada'));
    expect(await idsOf('session_id=none')).toEqual([]);
    expect(await idsOf('error_code=200')).toEqual([]);
    expect(await idsOf('error_message=x')).toEqual([]);
    const [row] = (await get(`/spend/logs/v2?${TIMES}`)).body.data;
    expect(await idsOf(`model_id=${row.model_id}`)).toEqual(of('nobody', 'service', 'ada'));
    expect(row.request_duration_ms).toBe(Date.parse(row.endTime) - Date.parse(row.startTime));
  });

  test('come in the order that is asked for', async () => {
    const all = of('ada', 'bob', 'service', 'nobody');
    expect(await idsOf('sort_order=asc')).toEqual(all);
    expect(await idsOf('sort_by=startTime')).toEqual(all.toReversed());
    expect(await idsOf('sort_by=endTime&sort_order=asc')).toEqual(all);
    expect((await idsOf('sort_by=total_tokens')).slice(0, 2)).toEqual(of('nobody', 'bob'));
    expect((await idsOf('sort_by=model&sort_order=asc'))[0]).toBe(of('bob')[0]);
    // Two cost the same, and the later one of them comes first.
    expect(await idsOf('sort_by=spend&sort_order=asc')).toEqual(of('service', 'ada', 'nobody', 'bob'));
    expect(await idsOf('sort_by=ttft_ms')).toHaveLength(4);
    const pages = [await idsOf('sort_by=spend&page_size=3'), await idsOf('sort_by=spend&page_size=3&page=2')];
    expect(pages.flat()).toEqual(await idsOf('sort_by=spend'));
    for (const [query, param] of [
      ['sort_by=invalid', 'sort_by'],
      ['sort_by=toString', 'sort_by'],
      ['sort_by=spend&sort_order=up', 'sort_order'],
    ]) {
      const { status, body } = await get(`/spend/logs/v2?${TIMES}&${query}`);
      expect([status, body.error.param]).toEqual([400, param]);
    }
  });

  test('say whether there are more than are counted, or shown', async () => {
    expect((await get(`/spend/logs/v2?${TIMES}`)).body).toMatchObject({ total: 4, total_is_capped: false });
    expect((await get('/spend/logs?limit=3')).headers['x-litellm-spend-logs-truncated']).toBe('true');
    expect((await get('/spend/logs?limit=4')).headers['x-litellm-spend-logs-truncated']).toBeUndefined();
  });
});

test('a member sees the activity of a team that opens it', async () => {
  const teams = async (who: string) => {
    const { body } = await get(`/team/daily/activity?${DAY}`, who);
    return Object.keys(body.results[0]?.breakdown.entities ?? {}).sort();
  };
  expect(await teams('ada')).toEqual(['crew', 'open']);
  expect(await teams('lead')).toEqual(['crew']);
});

test('the spend of another user is refused', async () => {
  const { status, body } = await get('/spend/users?user_id=bob', 'ada');
  expect([status, body.error.param]).toEqual([403, 'user_id']);
  expect((await get('/spend/users?user_id=ada', 'ada')).body).toMatchObject([{ user_id: 'ada' }]);
});

describe('reports of one key, user, team or organisation', () => {
  const report = async (path: string, who?: string) => {
    const { status, body } = await get(`/${path}${path.includes('?') ? '&' : '?'}${DAY}`, who);
    expect([path, status]).toEqual([path, 200]);
    return body;
  };

  test('are about the caller, where nothing is named', async () => {
    const item = {
      api_key: keys.ada.token,
      total_cost: expect.any(Number),
      total_input_tokens: expect.any(Number),
      total_output_tokens: expect.any(Number),
      model_details: [expect.objectContaining({ model: 'mock-gpt' })],
    };
    for (const path of ['key', 'user', 'team']) expect(await report(`${path}/spend/report`, 'ada')).toEqual([item]);
    for (const name of [keys.ada.key, keys.ada.token, keys.ada.key_id, 'ada%20at%20work']) {
      expect(await report(`key/spend/report?api_key=${name}`, 'ada')).toEqual([item]);
      expect(await report(`key/spend/report?api_key=${name}`)).toEqual([item]);
    }
    expect(await report('user/spend/report?internal_user_id=ada')).toEqual([item]);
    expect(await report('key/spend/report', 'nobody')).toMatchObject([{ api_key: keys.nobody.token }]);
    expect(await report('key/spend/report')).toEqual([]);
  });

  test('of an organisation are for who administers it, and name teams', async () => {
    for (const path of ['organization/spend/report', 'organization/spend/report?organization_id=org']) {
      const body = await report(path, 'boss');
      expect(body.map(({ api_key: key }: { api_key: string }) => key).sort()).toEqual(
        [keys.ada.token, keys.service.token].sort(),
      );
      expect(body[0].model_details).toMatchObject([{ team_id: 'crew' }]);
    }
    expect(await report('organization/spend/report?organization_id=org')).toHaveLength(2);
  });

  test.each([
    ['key/spend/report?api_key=bob', 'ada', 'api_key'],
    ['key/spend/report?api_key=no-such-key', 'ada', 'api_key'],
    ['user/spend/report?internal_user_id=bob', 'ada', 'internal_user_id'],
    ['team/spend/report?team_id=open', 'ada', 'team_id'],
    ['organization/spend/report', 'ada', 'organization_id'],
    ['organization/spend/report?organization_id=elsewhere', 'boss', 'organization_id'],
  ])('%s is not for %s', async (path, who, param) => {
    const { status, body } = await get(`/${path}${path.includes('?') ? '&' : '?'}${DAY}`, who);
    expect([status, body.error.param]).toEqual([403, param]);
    expect(body.detail).toBe(body.error.message);
  });

  test.each([
    ['user/spend/report', 'nobody', 'internal_user_id'],
    ['team/spend/report', 'nobody', 'team_id'],
    ['organization/spend/report', undefined, 'organization_id'],
  ])('%s of whoever has none asks for a name', async (path, who, param) => {
    const { status, body } = await get(`/${path}?${DAY}`, who);
    expect([status, body.error.param]).toEqual([400, param]);
  });

  test('need dates', async () => {
    for (const [query, param] of [
      ['', 'start_date'],
      ['start_date=2026-13-45&end_date=2026-01-01', 'start_date'],
    ]) {
      const { status, body } = await get(`/key/spend/report?${query}`, 'ada');
      expect([status, body.error.param]).toEqual([400, param]);
    }
  });
});
