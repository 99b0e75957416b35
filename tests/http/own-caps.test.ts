/**
 * Nobody changes their own role or caps, whatever else they administer: every route by which what holds for oneself could
 * be widened, asked by a team's admin, an organisation's and the proxy's with keys and a session of their own.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

const PASSWORD = 'correct horse battery';
const PEOPLE = ['lead', 'boss', 'root'] as const;
let gateway: TestApp;
const keys: Record<string, string> = {};
let cookie: string;

async function ok(request: string, body?: object) {
  const answer = await callGateway(gateway, request, { body });
  if (answer.status !== 200) throw new Error(`${request}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

beforeAll(async () => {
  gateway = await startTestApp();
  for (const user_id of PEOPLE) {
    await ok('POST /budget/new', { budget_id: `row-${user_id}`, max_budget: 1, rpm_limit: 1 });
    const user_role = user_id === 'root' ? 'proxy_admin' : 'internal_user';
    const own = { password: PASSWORD, auto_create_key: false, max_budget: 1 };
    await ok('POST /user/new', { user_id, user_role, ...own });
  }
  await ok('POST /organization/new', { organization_id: 'acme', organization_alias: 'acme' });
  for (const [user_id, role] of [
    ['boss', 'org_admin'],
    ['root', 'internal_user'],
  ]) {
    const member = { user_id, role };
    await ok('POST /organization/member_add', { organization_id: 'acme', member, max_budget_in_organization: 1 });
  }
  const team = { organization_id: 'acme', team_member_budget: 1, team_member_rpm_limit: 1 };
  await ok('POST /team/new', {
    ...team,
    team_id: 'crew',
    members_with_roles: PEOPLE.map((user_id) => ({ user_id, role: user_id === 'lead' ? 'admin' : 'user' })),
  });
  for (const user_id of PEOPLE) {
    keys[user_id] = (await ok('POST /key/generate', { user_id, budget_id: `row-${user_id}` })).key;
  }
  const signedIn = await gateway.app.inject({
    method: 'POST',
    url: '/login',
    payload: { username: 'root', password: PASSWORD },
  });
  cookie = String(signedIn.headers['set-cookie']).split(';')[0] as string;
});
afterAll(() => gateway.close());

type Ask = [what: string, request: string, body: object, param: string];
const member = (user_id: string, fields: object) => ({ team_id: 'crew', user_id, ...fields });
const RAISES = (me: string): Ask[] => [
  ['the budget in a team', 'POST /team/member_update', member(me, { max_budget_in_team: 2 }), 'max_budget_in_team'],
  ['no rate in a team', 'POST /team/member_update', member(me, { rpm_limit: 1_000 }), 'rpm_limit'],
  ['the rate in a team', 'POST /team/member_update', member(me, { rpm_limit: 2 }), 'rpm_limit'],
  [
    'more budget in a team for a while',
    'POST /team/member_update',
    member(me, { temp_budget_increase: 5, temp_budget_expiry: '2099-01-01' }),
    'temp_budget_increase',
  ],
  ['the role in a team', 'POST /team/member_update', member(me, { role: me === 'lead' ? 'user' : 'admin' }), 'role'],
  ['the default that counts', 'POST /team/update', { team_id: 'crew', team_member_budget: 2 }, 'team_member_budget'],
  ['what was spent in a team', `POST /team/crew/member/${me}/reset_spend`, { reset_to: 0 }, 'user_id'],
  ['the own budget', 'POST /user/update', { user_id: me, max_budget: 2 }, 'max_budget'],
  ['the own role', 'POST /user/update', { user_id: me, user_role: 'proxy_admin_viewer' }, 'user_role'],
];
const IN_ORGANIZATION = (me: string): Ask[] => [
  [
    'the budget in an organisation',
    'PATCH /organization/member_update',
    { organization_id: 'acme', user_id: me, max_budget_in_organization: 2 },
    'max_budget_in_organization',
  ],
  [
    'the role in an organisation',
    'PATCH /organization/member_update',
    { organization_id: 'acme', user_id: me, role: me === 'boss' ? 'internal_user' : 'org_admin' },
    'role',
  ],
];
const AS_ADMIN: Ask[] = [
  ['the row of the own key', 'POST /budget/update', { budget_id: 'row-root', max_budget: 2 }, 'max_budget'],
  ['no limit in that row', 'POST /budget/update', { budget_id: 'row-root', rpm_limit: null }, 'rpm_limit'],
];

const CASES = [
  ...RAISES('lead').map((ask) => ['lead', ...ask] as const),
  ...[...RAISES('boss'), ...IN_ORGANIZATION('boss')].map((ask) => ['boss', ...ask] as const),
  ...[...RAISES('root'), ...IN_ORGANIZATION('root'), ...AS_ADMIN].map((ask) => ['root', ...ask] as const),
];

async function limitsNow() {
  const rows = [
    await ok('GET /team/info?team_id=crew'),
    await ok('GET /organization/info?organization_id=acme'),
    await ok('POST /budget/info', { budgets: PEOPLE.map((id) => `row-${id}`) }),
  ];
  return JSON.stringify(rows);
}

describe('nobody gives themselves more', () => {
  test.each(CASES)('%s: %s', async (who, _what, request, body, param) => {
    const before = await limitsNow();
    const { status, body: reply } = await callGateway(gateway, request, { body, key: keys[who] as string });
    expect([status, reply.error.param]).toEqual([403, param]);
    expect(await limitsNow()).toBe(before);
  });

  test.each([...RAISES('root'), ...IN_ORGANIZATION('root')])(
    'root, signed in: %s',
    async (_what, request, body, param) => {
      const before = await limitsNow();
      const headers = { cookie, 'x-latchkey-session': '1' };
      const { status, body: reply } = await callGateway(gateway, request, { body, key: null, headers });
      expect([status, reply.error.param]).toEqual([403, param]);
      expect(await limitsNow()).toBe(before);
    },
  );
});

test('the row of one’s place in an organisation or a team is no way around it', async () => {
  const { members } = await ok('GET /organization/info?organization_id=acme');
  const { team_memberships: places } = await ok('GET /team/info?team_id=crew');
  for (const { budget_id } of [...members, ...places].filter(({ user_id }) => user_id === 'root')) {
    const body = { budget_id, max_budget: 2 };
    const asked = await callGateway(gateway, 'POST /budget/update', { body, key: keys.root as string });
    expect([asked.status, asked.body.error?.param]).toEqual([403, 'max_budget']);
  }
});

test('they may narrow what holds for them, and others may widen it', async () => {
  const key = keys.root as string;
  for (const [request, body] of [
    ['POST /team/member_update', member('root', { max_budget_in_team: 0.5 })],
    ['POST /budget/update', { budget_id: 'row-root', max_budget: 0.5 }],
    ['POST /budget/update', { budget_id: 'row-lead', max_budget: 7 }],
    ['POST /team/member_update', member('lead', { max_budget_in_team: 7, role: 'user' })],
    ['PATCH /organization/member_update', { organization_id: 'acme', user_id: 'boss', max_budget_in_organization: 7 }],
  ] as const) {
    expect((await callGateway(gateway, request, { body, key })).status, request).toBe(200);
  }
  await ok('POST /team/member_update', member('root', { max_budget_in_team: 9 }));
});
