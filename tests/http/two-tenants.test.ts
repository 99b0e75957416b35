/**
 * Two tenants in one gateway. Every route that only reads is asked by everybody of the one tenant, with and without the
 * other's names in the question, and no answer may hold a name of the other that was not in the question. Routes are
 * taken from the gateway's own list, so that one that is added later is asked as well.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildMember,
  buildOrganization,
  buildOrganizationMember,
  buildTeam,
  buildUser,
} from '../../src/storage/__fixtures__/rows.ts';
import type { WriteUnit } from '../../src/storage/owners/owner-storage.ts';
import { type Answer, callGateway } from '../support/call-gateway.ts';
import { type SeededApp, startSeededApp } from '../support/seeded-app.ts';

/** Names of one tenant. None is a part of another, so that each can be looked for by itself. */
function namesOf(tenant: string) {
  return {
    organization: `org.${tenant}`,
    organizationAlias: `Organisation ${tenant}`,
    team: `team.${tenant}`,
    teamAlias: `Crew ${tenant}`,
    plain: `plain.${tenant}`,
    plainEmail: `somebody@${tenant}.example`,
    plainAlias: `Somebody ${tenant}`,
    viewer: `viewer.${tenant}`,
    teamAdmin: `lead.${tenant}`,
    organizationAdmin: `boss.${tenant}`,
    keyAlias: `key-alias.${tenant}`,
    endUser: `customer.${tenant}`,
    customerAlias: `Customer called ${tenant}`,
    tag: `tag.${tenant}`,
    budget: `budget.${tenant}`,
    logHost: `https://logs.${tenant}.example`,
  };
}
const OURS = namesOf('acme');
const THEIRS = namesOf('globex');

async function seedTenant(unit: WriteUnit, names: typeof OURS): Promise<void> {
  const { organization, team, plain, viewer, teamAdmin, organizationAdmin } = names;
  await unit.organizations.insert(buildOrganization({ id: organization, alias: names.organizationAlias }));
  await unit.teams.insert(buildTeam({ id: team, alias: names.teamAlias, organizationId: organization }));
  await unit.users.insert(buildUser({ id: plain, alias: names.plainAlias, email: names.plainEmail }));
  await unit.users.insert(buildUser({ id: viewer, role: 'internal_user_viewer' }));
  await unit.users.insert(buildUser({ id: teamAdmin }));
  await unit.users.insert(buildUser({ id: organizationAdmin, role: 'org_admin' }));
  for (const userId of [plain, viewer, teamAdmin]) {
    await unit.teamMembers.insert(buildMember({ teamId: team, userId, role: userId === teamAdmin ? 'admin' : 'user' }));
  }
  await unit.organizationMembers.insert(
    buildOrganizationMember({
      organizationId: organization,
      userId: organizationAdmin,
      role: 'org_admin',
    }),
  );
}

let gateway: SeededApp;
const ourKeys: Record<string, string> = {};
/** Everything that names the other tenant: what was chosen, and what the gateway made up. */
let theirNames: string[] = Object.values(THEIRS);
let theirKey: { key: string; token: string; key_id: string };
/** What stands in paths of routes, by the names that these give it. */
let theirPaths: Record<string, string> = {};
let routes: { path: string; methods: string[] }[];

const post = async (path: string, body: object): Promise<Answer['body']> => {
  const { status, body: reply } = await callGateway(gateway, `POST ${path}`, { body });
  if (status !== 200) throw new Error(`${path}: ${JSON.stringify(reply)}`);
  return reply;
};

async function useTenant(names: typeof OURS): Promise<{ key: string; token: string; key_id: string }> {
  await post('/budget/new', { budget_id: names.budget, max_budget: 100 });
  await post('/customer/new', { user_id: names.endUser, alias: names.customerAlias });
  await post('/tag/new', { name: names.tag });
  await post(`/team/${names.team}/callback`, {
    callback_name: 'langfuse',
    callback_vars: { langfuse_host: names.logHost, langfuse_public_key: 'pk', langfuse_secret_key: 'sk' },
  });
  const key = await post('/key/generate', {
    user_id: names.plain,
    team_id: names.team,
    organization_id: names.organization,
    key_alias: names.keyAlias,
    budget_id: names.budget,
    tags: [names.tag],
  });
  await callGateway(gateway, 'POST /chat/completions', {
    key: key.key,
    body: { model: 'mock-gpt', user: names.endUser, messages: [{ role: 'user', content: 'hi' }] },
  });
  return key;
}

beforeAll(async () => {
  gateway = await startSeededApp(async (unit) => {
    await seedTenant(unit, OURS);
    await seedTenant(unit, THEIRS);
  });
  const ourKey = await useTenant(OURS);
  theirKey = await useTenant(THEIRS);
  const get = async (path: string) => (await callGateway(gateway, `GET ${path}`)).body;
  const [call] = await get(`/spend/logs?api_key=${theirKey.token}`);
  const [act] = (await get(`/audit?object_id=${theirKey.token}`)).audit_logs;
  theirPaths = { team_id: THEIRS.team, request_id: call.request_id, id: act.id };
  theirNames = [...theirNames, theirKey.key, theirKey.token, theirKey.key_id, call.request_id, act.id];
  ourKeys['a user'] = ourKey.key;
  ourKeys['a viewer'] = (await post('/key/generate', { user_id: OURS.viewer })).key;
  ourKeys['a team admin'] = (await post('/key/generate', { user_id: OURS.teamAdmin })).key;
  ourKeys['an organisation admin'] = (await post('/key/generate', { user_id: OURS.organizationAdmin })).key;
  ourKeys['a key of a team'] = (await post('/key/generate', { team_id: OURS.team })).key;
  ourKeys['a key of nobody'] = (await post('/key/generate', {})).key;
  routes = (await callGateway(gateway, 'GET /routes')).body.routes;
});
afterAll(() => gateway.close());

/** Routes that only read although they are POSTs. */
const READING_POST = /\/(info|explain|health|list|calculate|token_counter|end_users)$/;
/** Static pages without data of anybody. */
const PAGES = /^\/(docs|redoc|openapi\.json|ui)\b/;

/** The other's names under every name that a question could have for them. */
function questionAbout(): Record<string, string> {
  return {
    user_id: THEIRS.plain,
    user_ids: THEIRS.plain,
    user_email: THEIRS.plainEmail,
    internal_user_id: THEIRS.plain,
    team_id: THEIRS.team,
    team_ids: THEIRS.team,
    organization_ids: THEIRS.organization,
    end_user_ids: THEIRS.endUser,
    team: THEIRS.team,
    organization_id: THEIRS.organization,
    org_id: THEIRS.organization,
    key: theirKey.token,
    api_key: theirKey.token,
    key_hash: theirKey.token,
    key_alias: THEIRS.keyAlias,
    end_user_id: THEIRS.endUser,
    end_user: THEIRS.endUser,
    customer_id: THEIRS.endUser,
    budget_id: THEIRS.budget,
    tag: THEIRS.tag,
    tags: THEIRS.tag,
    object_id: THEIRS.plain,
    changed_by: THEIRS.plain,
    created_by: THEIRS.plain,
  };
}

const DATES = { start_date: '2000-01-01', end_date: '2100-01-01' };
const TIMES = { start_date: '2000-01-01 00:00:00', end_date: '2100-01-01 00:00:00' };
/** The days around now, for reports that cover no century. */
const RECENT = {
  start_date: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10),
  end_date: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10),
};
const ALL_GROUPS = 'day,model,key,user,team,tag,organization,provider,end_user';
/**
 * Whole rows and long pages, so that nothing stays hidden for want of being asked for. Only names that /key/list knows,
 * which refuses all others.
 */
const WIDE = {
  return_full_object: 'true',
  include_team_keys: 'true',
  include_created_by_keys: 'true',
  expand: 'user',
  size: '100',
};

function queries(): Record<string, string>[] {
  const named = questionAbout();
  const single = Object.entries(named).map(([name, value]) => ({ ...WIDE, [name]: value }));
  const alone = [{}, WIDE, DATES, TIMES, { ...DATES, summarize: 'false' }, { search: 'globex' }, named, ...single];
  return alone
    .flatMap((query) => ('start_date' in query ? [query] : [query, { ...TIMES, ...query }]))
    .concat(Object.entries(named).map(([name, value]) => ({ ...RECENT, [name]: value })))
    .concat(
      [{}, { group_by: 'customer' }, { group_by: 'api_key' }, { group_by: ALL_GROUPS }].map((query) => ({
        ...RECENT,
        ...query,
      })),
    )
    .concat(
      ['ndjson', 'focus'].map((format) => ({
        ...RECENT,
        format,
        ...(format === 'focus' ? {} : { group_by: ALL_GROUPS }),
      })),
    );
}

function bodies(): object[] {
  const named = questionAbout();
  const lists = {
    keys: [theirKey.token, THEIRS.keyAlias, theirKey.key_id],
    key_aliases: [THEIRS.keyAlias],
    budgets: [THEIRS.budget],
    names: [THEIRS.tag],
    organizations: [THEIRS.organization],
  };
  const call = { model: 'mock-gpt', messages: [{ role: 'user', content: 'hi' }] };
  return [
    {},
    lists,
    { ...call, ...named, tags: [THEIRS.tag] },
    { keys: lists.keys },
    { key: THEIRS.keyAlias, ...call },
  ];
}

interface Question {
  request: string;
  body?: object;
}

function questions(): Question[] {
  return routes
    .filter(({ path }) => !PAGES.test(path) && !path.includes('*'))
    .flatMap(({ path, methods }) => {
      const filled = path.replace(/:([a-z_]+)/gi, (_, name) => encodeURIComponent(theirPaths[name] ?? theirKey.token));
      const reads = methods.includes('GET')
        ? queries().map((query) => ({ request: `GET ${filled}?${new URLSearchParams(query)}` }))
        : [];
      const asks = methods.includes('POST') && READING_POST.test(path);
      return [...reads, ...(asks ? bodies().map((body) => ({ request: `POST ${filled}`, body })) : [])];
    });
}

/** Names of the other tenant in the answer that the question did not bring. */
async function findLeaks(key: string, { request, body }: Question): Promise<string[]> {
  const asked = decodeURIComponent(request.replace(/\+/g, ' ')) + JSON.stringify(body ?? {});
  const [method, url] = request.split(' ');
  const { headers, body: text } = await gateway.app.inject({
    method: method as 'GET',
    url: url as string,
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { payload: body }),
  });
  const answer = JSON.stringify(headers) + text;
  return theirNames.filter((name) => answer.includes(name) && !asked.includes(name));
}

describe('two tenants', () => {
  test.each(['a user', 'a viewer', 'a team admin', 'an organisation admin', 'a key of a team', 'a key of nobody'])(
    'no answer to %s of the one names the other',
    async (who) => {
      const key = ourKeys[who] as string;
      const leaks: string[] = [];
      for (const question of questions()) {
        for (const name of await findLeaks(key, question)) {
          leaks.push(`${question.request} ${JSON.stringify(question.body ?? '')} names ${name}`);
        }
      }
      expect(leaks).toEqual([]);
    },
    120_000,
  );

  test('the same questions find both where an administrator asks', async () => {
    const told = new Set<string>();
    for (const question of questions()) {
      if ((await findLeaks(gateway.masterKey, question)).length > 0) told.add(question.request.split('?')[0] as string);
    }
    expect([...told]).toEqual(
      expect.arrayContaining([
        'GET /key/info',
        'GET /key/list',
        'POST /v2/key/info',
        'GET /spend/logs',
        'GET /spend/logs/v2',
        'GET /spend/keys',
        'GET /spend/users',
        'GET /spend/tags',
        'GET /spend/export',
        'GET /user/spend/report',
        'GET /team/spend/report',
        'GET /organization/spend/report',
        'GET /user/daily/activity',
        'GET /user/daily/activity/aggregated',
        'GET /team/daily/activity',
        'GET /team/daily/activity/aggregated',
        'GET /organization/daily/activity',
        'GET /customer/daily/activity',
        'GET /end_user/daily/activity',
        'GET /tag/daily/activity',
        'GET /global/spend/report',
        'GET /global/spend/teams',
        'GET /global/spend/all_tag_names',
        'GET /global/spend/keys',
        'GET /global/spend/tags',
        'POST /global/spend/end_users',
        'GET /customer/list',
        'GET /customer/info',
        'GET /tag/list',
        'GET /budget/list',
        'GET /organization/list',
        'GET /organization/info',
        'POST /organization/info',
        'GET /team/info',
        'GET /user/info',
        `GET /team/${THEIRS.team}/callback`,
        `GET /audit/${theirPaths.id}`,
      ]),
    );
  }, 120_000);

  test('each sees its own organisation', async () => {
    for (const [who, members] of [
      ['a user', 0],
      ['an organisation admin', 1],
    ] as const) {
      const key = ourKeys[who] as string;
      const { body } = await callGateway(gateway, 'GET /organization/list', { key });
      expect(body).toHaveLength(members);
      for (const row of body) expect(row).toMatchObject({ organization_id: OURS.organization, teams: [{}] });
    }
  });

  test('each sees its own', async () => {
    const { body } = await callGateway(gateway, 'GET /key/list', { key: ourKeys['a user'] as string });
    expect(body.keys).toHaveLength(1);
    const wide = new URLSearchParams(WIDE);
    for (const [who, count] of [
      // Its own, and the one of its team that belongs to nobody.
      ['a user', 2],
      ['a team admin', 3],
      ['an organisation admin', 3],
    ] as const) {
      const list = await callGateway(gateway, `GET /key/list?${wide}`, { key: ourKeys[who] as string });
      expect([who, list.body.total_count]).toEqual([who, count]);
    }
    const logs = await callGateway(gateway, 'GET /spend/logs', { key: ourKeys['a user'] as string });
    expect(logs.body).toMatchObject([{ user: OURS.plain, team_id: OURS.team, end_user: OURS.endUser }]);
    for (const who of ['a user', 'a viewer']) {
      const key = ourKeys[who] as string;
      const keys = await callGateway(gateway, 'GET /spend/keys', { key });
      expect(keys.body).toMatchObject([{ user_id: who === 'a user' ? OURS.plain : OURS.viewer }]);
      const users = await callGateway(gateway, 'GET /spend/users', { key });
      expect(users.body).toEqual(who === 'a user' ? [{ user_id: OURS.plain, spend: expect.any(Number) }] : []);
      const others = await callGateway(gateway, `GET /spend/users?user_id=${THEIRS.plain}`, { key });
      expect([others.status, others.body.error.param]).toEqual([403, 'user_id']);
    }
  });
});
