/**
 * Every route that changes something leaves exactly one row in the audit log for every record that it changes, and
 * exactly one when whoever asks is refused. Routes are taken from the gateway's own list: one that is added later fails here until it is said
 * what it is for.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Hex } from '../../../src/core/key-secret.ts';
import { auditRowsOf } from '../../support/audit-rows.ts';
import { type Answer, type CallOptions, callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

/** POSTs that answer a question or call a model, and change nothing that an administrator has set. */
const READS = [
  '/utils/token_counter',
  '/budget/info',
  '/tag/info',
  '/organization/info',
  '/v2/key/info',
  '/key/health',
  '/key/explain',
  '/spend/calculate',
  '/global/spend/end_users',
];
/** Acts of whoever holds a password, a session or a secret, and of no caller; what they leave is tested at the end. */
const OF_HOLDERS = ['/login', '/logout', '/sessions/revoke', '/leaked', '/key/rotation/claim'];
const MODEL_CALL = /\/(chat\/completions|completions|embeddings)$/;

/** In every request where a credential can stand; in no row. */
const CANARY = 'sk-canary-credential-0123456789abcdef';

interface Change {
  /** As in the list of routes. */
  route: string;
  /** With the names in its path; default: the route's. */
  path?: string;
  body?: object;
  /** Requests by the administrator that make what is to be changed. */
  first?: [request: string, body: object][];
  action: string;
  /** What the route is about; a refused attempt names it. */
  table: string;
  /** What is changed, where that is something else. */
  changes?: string;
  object: string | RegExp;
  /** Further records that are made, changed or deleted with it: their tables. */
  also?: string[];
}

const KEY_TABLE = 'LiteLLM_VerificationToken';
const hash = /^[0-9a-f]{64}$/;
const newKey = (alias: string): [string, object] => ['POST /key/generate', { key_alias: alias }];
const newTeam = (id: string, more: object = {}): [string, object] => ['POST /team/new', { team_id: id, ...more }];
const newUser = (id: string): [string, object] => ['POST /user/new', { user_id: id, auto_create_key: false }];
const newOrganization = (id: string): [string, object] => [
  'POST /organization/new',
  { organization_id: id, organization_alias: id },
];
const addMember = (team: string, user: string): [string, object] => [
  'POST /team/member_add',
  { team_id: team, member: { user_id: user, role: 'user' } },
];
const model = (id: string) => ({
  model_name: id,
  litellm_params: { model: 'openai/x', api_key: CANARY },
  model_info: { id },
});

const CHANGES: Change[] = [
  {
    route: 'POST /key/generate',
    body: { key_alias: 'made', metadata: { logging: [{ callback_name: 'x', callback_vars: { api_key: CANARY } }] } },
    action: 'created',
    table: KEY_TABLE,
    object: hash,
  },
  ...(
    [
      ['update', 'updated', { key: 'k-update', max_budget: 3 }],
      ['delete', 'deleted', { key_aliases: ['k-delete'] }],
      ['block', 'blocked', { key: 'k-block' }],
      ['regenerate', 'rotated', { key: 'k-regenerate', new_key: CANARY }],
    ] as const
  ).map(
    ([verb, action, body]): Change => ({
      route: `POST /key/${verb}`,
      body,
      first: [newKey(`k-${verb}`)],
      action,
      table: KEY_TABLE,
      object: hash,
    }),
  ),
  {
    route: 'POST /key/unblock',
    body: { key: 'k-unblock' },
    first: [newKey('k-unblock'), ['POST /key/block', { key: 'k-unblock' }]],
    action: 'unblocked',
    table: KEY_TABLE,
    object: hash,
  },
  ...[
    ['/key/:key/regenerate', '/key/k-path/regenerate', 'k-path'],
    ['/key/*', '/key/k/with/slashes/regenerate', 'k/with/slashes'],
  ].map(
    ([route, path, alias]): Change => ({
      route: `POST ${route}`,
      path: path as string,
      body: {},
      first: [newKey(alias as string)],
      action: 'rotated',
      table: KEY_TABLE,
      object: hash,
    }),
  ),

  {
    route: 'POST /key/bulk_update',
    body: { keys: [{ key: 'k-bulk', max_budget: 3 }] },
    first: [newKey('k-bulk')],
    action: 'updated',
    table: KEY_TABLE,
    object: hash,
  },
  {
    route: 'POST /team/key/bulk_update',
    body: { team_id: 't-keys', key_ids: ['k-team-bulk'], update_fields: { max_budget: 3 } },
    first: [newTeam('t-keys'), ['POST /key/generate', { team_id: 't-keys', key_alias: 'k-team-bulk' }]],
    action: 'updated',
    table: KEY_TABLE,
    object: hash,
  },
  {
    route: 'POST /key/service-account/generate',
    body: { team_id: 't-service', metadata: { service_account_id: 'robot' } },
    first: [newTeam('t-service')],
    action: 'created',
    table: KEY_TABLE,
    object: hash,
  },
  {
    route: 'POST /key/:key/rollback',
    path: '/key/k-rollback/rollback',
    body: {},
    first: [newKey('k-rollback'), ['POST /key/regenerate', { key: 'k-rollback', grace_period: '1h' }]],
    action: 'rolled_back',
    table: KEY_TABLE,
    object: hash,
  },
  {
    route: 'POST /key/:key/reset_spend',
    path: '/key/k-reset/reset_spend',
    body: { reset_to: 0 },
    first: [newKey('k-reset')],
    action: 'reset',
    table: KEY_TABLE,
    object: hash,
  },
  {
    route: 'POST /user/new',
    body: { user_id: 'u-new', auto_create_key: false },
    action: 'created',
    table: 'LiteLLM_UserTable',
    object: 'u-new',
  },
  ...(
    [
      ['update', 'updated', { user_id: 'u-update', max_budget: 3 }],
      ['bulk_update', 'updated', { users: [{ user_id: 'u-bulk_update', max_budget: 3 }] }],
      ['delete', 'deleted', { user_ids: ['u-delete'] }],
    ] as const
  ).map(
    ([verb, action, body]): Change => ({
      route: `POST /user/${verb}`,
      body,
      first: [newUser(`u-${verb}`)],
      action,
      table: 'LiteLLM_UserTable',
      object: `u-${verb}`,
    }),
  ),

  {
    route: 'POST /team/new',
    body: { team_id: 't-new' },
    action: 'created',
    table: 'LiteLLM_TeamTable',
    object: 't-new',
    // Who makes a team is its administrator.
    also: ['LiteLLM_TeamMembership'],
  },
  ...(
    [
      ['update', 'updated', { team_id: 't-update', max_budget: 3 }],
      ['delete', 'deleted', { team_ids: ['t-delete'] }],
      ['block', 'blocked', { team_id: 't-block' }],
      ['model/add', 'updated', { team_id: 't-model/add', models: ['gpt-4'] }],
      ['permissions_update', 'updated', { team_id: 't-permissions_update', team_member_permissions: ['/key/info'] }],
    ] as const
  ).map(
    ([verb, action, body]): Change => ({
      route: `POST /team/${verb}`,
      body,
      first: [newTeam(`t-${verb}`)],
      action,
      table: 'LiteLLM_TeamTable',
      object: `t-${verb}`,
      also: verb === 'delete' ? ['LiteLLM_TeamMembership'] : [],
    }),
  ),
  {
    route: 'PATCH /team/:team_id',
    path: '/team/t-patch',
    body: { max_budget: 3 },
    first: [newTeam('t-patch')],
    action: 'updated',
    table: 'LiteLLM_TeamTable',
    object: 't-patch',
  },
  {
    route: 'POST /team/unblock',
    body: { team_id: 't-unblock' },
    first: [newTeam('t-unblock'), ['POST /team/block', { team_id: 't-unblock' }]],
    action: 'unblocked',
    table: 'LiteLLM_TeamTable',
    object: 't-unblock',
  },
  {
    route: 'POST /team/model/delete',
    body: { team_id: 't-model-delete', models: ['gpt-4'] },
    first: [newTeam('t-model-delete', { models: ['gpt-4', 'mock-gpt'] })],
    action: 'updated',
    table: 'LiteLLM_TeamTable',
    object: 't-model-delete',
  },
  {
    route: 'POST /team/:team_id/reset_spend',
    path: '/team/t-reset/reset_spend',
    body: { reset_to: 0 },
    first: [newTeam('t-reset')],
    action: 'reset',
    table: 'LiteLLM_TeamTable',
    object: 't-reset',
  },
  {
    route: 'POST /team/:team_id/member/:user_id/reset_spend',
    path: '/team/t-reset-member/member/u-reset-member/reset_spend',
    body: { reset_to: 0 },
    first: [
      newTeam('t-reset-member'),
      ['POST /team/member_add', { team_id: 't-reset-member', member: { role: 'user', user_id: 'u-reset-member' } }],
    ],
    action: 'reset',
    table: 'LiteLLM_TeamTable',
    changes: 'LiteLLM_TeamMembership',
    object: /t-reset-member/,
  },
  {
    route: 'POST /team/:team_id/callback',
    path: '/team/t-callback/callback',
    body: {
      callback_name: 'langfuse',
      callback_type: 'success',
      callback_vars: { langfuse_secret_key: CANARY, langfuse_public_key: CANARY },
    },
    first: [newTeam('t-callback')],
    action: 'updated',
    table: 'LiteLLM_TeamTable',
    object: 't-callback',
  },
  {
    route: 'DELETE /team/:team_id/callback/:callback_name',
    path: '/team/t-callback-less/callback/langfuse',
    first: [
      newTeam('t-callback-less'),
      ['POST /team/t-callback-less/callback', { callback_name: 'langfuse', callback_vars: {} }],
    ],
    action: 'updated',
    table: 'LiteLLM_TeamTable',
    object: 't-callback-less',
  },
  {
    route: 'POST /team/permissions_bulk_update',
    body: { permissions: ['/key/generate'], team_ids: ['t-permissions-bulk'] },
    first: [newTeam('t-permissions-bulk')],
    action: 'updated',
    table: 'LiteLLM_TeamTable',
    object: 't-permissions-bulk',
  },
  {
    route: 'POST /team/:team_id/disable_logging',
    path: '/team/t-logging/disable_logging',
    first: [
      newTeam('t-logging'),
      [
        'POST /team/t-logging/callback',
        {
          callback_name: 'langfuse',
          callback_type: 'success',
          callback_vars: { langfuse_secret_key: CANARY, langfuse_public_key: CANARY },
        },
      ],
    ],
    action: 'updated',
    table: 'LiteLLM_TeamTable',
    object: 't-logging',
  },
  {
    route: 'POST /team/member_add',
    body: { team_id: 't-add', member: { user_id: 'm-add', role: 'user' } },
    first: [newTeam('t-add'), newUser('m-add')],
    action: 'created',
    table: 'LiteLLM_TeamTable',
    changes: 'LiteLLM_TeamMembership',
    object: /t-add/,
  },
  {
    route: 'POST /team/bulk_member_add',
    body: { team_id: 't-bulk', members: [{ user_id: 'm-bulk', role: 'user' }] },
    first: [newTeam('t-bulk'), newUser('m-bulk')],
    action: 'created',
    table: 'LiteLLM_TeamTable',
    changes: 'LiteLLM_TeamMembership',
    object: /t-bulk/,
  },
  {
    route: 'POST /team/member_update',
    body: { team_id: 't-change', user_id: 'm-change', max_budget_in_team: 3 },
    first: [newTeam('t-change'), newUser('m-change'), addMember('t-change', 'm-change')],
    action: 'updated',
    table: 'LiteLLM_TeamTable',
    changes: 'LiteLLM_TeamMembership',
    object: /t-change/,
  },
  {
    route: 'POST /team/member_delete',
    body: { team_id: 't-remove', user_id: 'm-remove' },
    first: [newTeam('t-remove'), newUser('m-remove'), addMember('t-remove', 'm-remove')],
    action: 'deleted',
    table: 'LiteLLM_TeamTable',
    changes: 'LiteLLM_TeamMembership',
    object: /t-remove/,
  },

  {
    route: 'POST /organization/new',
    body: { organization_id: 'o-new', organization_alias: 'o-new' },
    action: 'created',
    table: 'LiteLLM_OrganizationTable',
    object: 'o-new',
    also: ['LiteLLM_BudgetTable'],
  },
  {
    route: 'PATCH /v2/organization/:organization_id',
    path: '/v2/organization/o-v2',
    body: { organization_alias: 'renamed' },
    first: [newOrganization('o-v2')],
    action: 'updated',
    table: 'LiteLLM_OrganizationTable',
    object: 'o-v2',
  },
  ...(
    [
      ['PATCH', 'update', 'updated', { organization_id: 'o-update', organization_alias: 'renamed' }],
      ['DELETE', 'delete', 'deleted', { organization_ids: ['o-delete'] }],
    ] as const
  ).map(
    ([method, verb, action, body]): Change => ({
      route: `${method} /organization/${verb}`,
      body,
      first: [newOrganization(`o-${verb}`)],
      action,
      table: 'LiteLLM_OrganizationTable',
      object: `o-${verb}`,
      also: verb === 'delete' ? ['LiteLLM_BudgetTable'] : [],
    }),
  ),
  ...(
    [
      ['POST', 'add', 'created', { member: { user_id: 'om-add', role: 'internal_user' } }],
      ['PATCH', 'update', 'updated', { user_id: 'om-update', role: 'org_admin' }],
      ['DELETE', 'delete', 'deleted', { user_id: 'om-delete' }],
    ] as const
  ).map(
    ([method, verb, action, body]): Change => ({
      route: `${method} /organization/member_${verb}`,
      body: { organization_id: `o-member-${verb}`, ...body },
      first: [
        newOrganization(`o-member-${verb}`),
        newUser(`om-${verb}`),
        ...(verb === 'add'
          ? []
          : [
              [
                'POST /organization/member_add',
                { organization_id: `o-member-${verb}`, member: { user_id: `om-${verb}`, role: 'internal_user' } },
              ] as [string, object],
            ]),
      ],
      action,
      table: 'LiteLLM_OrganizationTable',
      changes: 'LiteLLM_OrganizationMembership',
      object: new RegExp(`o-member-${verb}`),
    }),
  ),

  ...['/customer', '/end_user'].flatMap((family): Change[] =>
    (
      [
        ['new', 'created', { user_id: `${family}-new` }, []],
        ['update', 'updated', { user_id: `${family}-update`, alias: 'x' }, ['new']],
        ['delete', 'deleted', { user_ids: [`${family}-delete`] }, ['new']],
        ['block', 'blocked', { user_ids: [`${family}-block`] }, ['new']],
        ['unblock', 'unblocked', { user_ids: [`${family}-unblock`] }, ['new', 'block']],
      ] as const
    ).map(([verb, action, body, before]) => ({
      route: `POST ${family}/${verb}`,
      body,
      first: before.map((act) => [
        `POST /customer/${act}`,
        act === 'new' ? { user_id: `${family}-${verb}` } : { user_ids: [`${family}-${verb}`] },
      ]),
      action,
      table: 'LiteLLM_EndUserTable',
      object: `${family}-${verb}`,
    })),
  ),
  // LiteLLM's other spelling: these block customers, not users.
  {
    route: 'POST /user/block',
    body: { user_ids: ['c-block'] },
    first: [['POST /customer/new', { user_id: 'c-block' }]],
    action: 'blocked',
    table: 'LiteLLM_EndUserTable',
    object: 'c-block',
  },
  {
    route: 'POST /user/unblock',
    body: { user_ids: ['c-unblock'] },
    first: [
      ['POST /customer/new', { user_id: 'c-unblock' }],
      ['POST /customer/block', { user_ids: ['c-unblock'] }],
    ],
    action: 'unblocked',
    table: 'LiteLLM_EndUserTable',
    object: 'c-unblock',
  },

  ...(
    [
      ['new', 'created', { budget_id: 'b-new', max_budget: 1 }],
      ['update', 'updated', { budget_id: 'b-update', max_budget: 2 }],
      ['delete', 'deleted', { id: 'b-delete' }],
    ] as const
  ).map(
    ([verb, action, body]): Change => ({
      route: `POST /budget/${verb}`,
      body,
      first: verb === 'new' ? [] : [['POST /budget/new', { budget_id: `b-${verb}`, max_budget: 1 }]],
      action,
      table: 'LiteLLM_BudgetTable',
      object: `b-${verb}`,
    }),
  ),
  ...(
    [
      ['new', 'created', { name: 'tag-new' }],
      ['update', 'updated', { name: 'tag-update', description: 'x' }],
      ['delete', 'deleted', { name: 'tag-delete' }],
    ] as const
  ).map(
    ([verb, action, body]): Change => ({
      route: `POST /tag/${verb}`,
      body,
      first: verb === 'new' ? [] : [['POST /tag/new', { name: `tag-${verb}` }]],
      action,
      table: 'LiteLLM_TagTable',
      object: `tag-${verb}`,
    }),
  ),
  ...(
    [
      ['POST /model/new', '/model/new', 'created', model('x-new')],
      [
        'POST /model/update',
        '/model/update',
        'updated',
        { model_info: { id: 'x-update' }, litellm_params: { api_key: `${CANARY}-2` } },
      ],
      ['PATCH /model/:id/update', '/model/x-path/update', 'updated', { litellm_params: { api_key: `${CANARY}-2` } }],
      ['POST /model/delete', '/model/delete', 'deleted', { id: 'x-delete' }],
    ] as const
  ).map(([route, path, action, body]): Change => {
    const id = path === '/model/x-path/update' ? 'x-path' : `x-${path.split('/')[2]}`;
    return {
      route,
      path,
      body,
      first: action === 'created' ? [] : [['POST /model/new', model(id)]],
      action,
      table: 'LiteLLM_ProxyModelTable',
      object: id,
    };
  }),
];

let gateway: TestApp;
let plain: { key: string; key_id: string };
let routes: { path: string; methods: string[] }[];
beforeAll(async () => {
  gateway = await startTestApp({ env: { LATCHKEY_SALT_KEY: 'a-salt-key-for-tests-0123456789' } });
  routes = (await call('GET /routes')).body.routes;
  plain = (await call('POST /key/generate', { body: { user_id: 'plain' } })).body;
});
afterAll(() => gateway.close());

const call = (request: string, options?: CallOptions): Promise<Answer> => callGateway(gateway, request, options);

const rowsOf = (act: () => Promise<unknown>) => auditRowsOf(gateway, act);

const requestOf = ({ route, path }: Change) => `${route.split(' ')[0]} ${path ?? route.split(' ')[1]}`;

test('it is known of every route that is not a GET whether it changes something', () => {
  const known = new Set(CHANGES.map(({ route }) => route));
  const unknown = routes.flatMap(({ path, methods }) =>
    methods
      .filter((method) => !['GET', 'HEAD', 'OPTIONS'].includes(method))
      .map((method) => `${method} ${path}`)
      .filter(
        (route) => !known.has(route) && !READS.includes(path) && !OF_HOLDERS.includes(path) && !MODEL_CALL.test(path),
      ),
  );
  expect(unknown).toEqual([]);
  const served = new Set(routes.flatMap(({ path, methods }) => methods.map((method) => `${method} ${path}`)));
  expect([...known].filter((route) => !served.has(route))).toEqual([]);
});

describe.each(CHANGES)('$route', (change) => {
  test('leaves one row of a refused attempt, and one of the change', async () => {
    for (const [request, body] of change.first ?? []) {
      const { status, body: reply } = await call(request, { body });
      expect(status, `${request}: ${JSON.stringify(reply)}`).toBe(200);
    }
    let answer: Answer | undefined;
    const body = change.body === undefined ? {} : { body: change.body };

    const refused = await rowsOf(async () => {
      answer = await call(requestOf(change), { ...body, key: plain.key });
    });
    expect(answer?.status, JSON.stringify(answer?.body)).toBeGreaterThanOrEqual(400);
    expect(answer?.status).toBeLessThan(500);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({
      action: 'denied',
      table_name: change.table,
      changed_by: 'plain',
      caller_kind: 'key',
      caller_user_id: 'plain',
      caller_key_id: plain.key_id,
      changed_by_api_key: sha256Hex(plain.key),
      request_id: answer?.headers['x-request-id'],
      route: change.route,
      before_value: null,
    });

    const done = await rowsOf(async () => {
      answer = await call(requestOf(change), { ...body, headers: { 'litellm-changed-by': 'the boss' } });
    });
    expect(answer?.status, JSON.stringify(answer?.body)).toBe(200);
    const table = change.changes ?? change.table;
    const tables = done.map(({ table_name }: { table_name: string }) => table_name);
    expect(tables.sort()).toEqual([table, ...(change.also ?? [])].sort());
    const row = done.find(({ table_name }: { table_name: string }) => table_name === table);
    expect(row).toMatchObject({
      action: change.action,
      object_id: typeof change.object === 'string' ? change.object : expect.stringMatching(change.object),
      changed_by: 'the boss',
      caller_kind: 'master_key',
      request_id: answer?.headers['x-request-id'],
      route: change.route,
    });
    if (change.action === 'created') expect(row.before_value).toBeNull();
    // Nobody has spent anything here.
    else if (change.action !== 'reset') expect(row.before_value).not.toEqual({});
    for (const one of [...refused, ...done]) {
      expect(one.request_id).not.toBe('');
      const text = JSON.stringify(one);
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain(gateway.masterKey);
      expect(text).not.toContain(plain.key);
      if (typeof answer?.body?.key === 'string' && answer.body.key.startsWith('sk-')) {
        expect(text).not.toContain(answer.body.key);
      }
    }
  });
});

test('whoever is refused a change of their own caps leaves a row as well', async () => {
  const rows = await rowsOf(async () => {
    const body = { user_id: 'plain', max_budget: 1_000_000 };
    expect((await call('POST /user/update', { body, key: plain.key })).status).toBe(401);
  });
  expect(rows).toMatchObject([{ action: 'denied', object_id: 'plain', table_name: 'LiteLLM_UserTable' }]);
});

test('whoever holds a password, a session or a secret leaves one row of each act', async () => {
  const password = 'a long enough password';
  await call('POST /user/new', { body: { user_id: 'signs-in', auto_create_key: false, password } });
  const body = { username: 'signs-in', password };
  const own = { 'x-latchkey-session': '1' };
  let answer: Answer | undefined;
  const actsOf = async (request: string, options: CallOptions) => {
    const rows = await rowsOf(async () => {
      answer = await call(request, options);
    });
    expect(JSON.stringify(rows)).not.toContain(password);
    return [answer?.status, ...rows.map(({ action }: { action: string }) => action)];
  };
  const wrong = { ...body, password: `${password}?` };
  expect(await actsOf('POST /login', { body: wrong, key: null })).toEqual([401, 'denied']);
  expect(await actsOf('POST /login', { body, key: null })).toEqual([200, 'login']);
  const cookie = String(answer?.headers['set-cookie']).split(';')[0] as string;
  expect(await actsOf('POST /logout', { key: null, headers: { cookie, ...own } })).toEqual([200, 'logout']);
  await call('POST /login', { body, key: null });
  const theirs = { body: { user_id: 'signs-in' } };
  expect(await actsOf('POST /sessions/revoke', { ...theirs, key: plain.key })).toEqual([403, 'denied']);
  expect(await actsOf('POST /sessions/revoke', theirs)).toEqual([200, 'revoked']);
  const claim = 'POST /key/rotation/claim';
  expect(await actsOf(claim, { key: plain.key })).toEqual([400, 'denied']);
  const { key } = (await call('POST /key/generate', { body: { auto_rotate: true, rotation_interval: '1s' } })).body;
  await expect
    .poll(async () => (await call(`GET /key/info?key=${key}`)).body.info.rotation.claim_until, { timeout: 10_000 })
    .toBeTruthy();
  expect(await actsOf(claim, { key })).toEqual([200, 'rotated']);
  expect(await actsOf(claim, { key })).toEqual([409, 'denied']);
  expect(await actsOf('POST /leaked', { body: { key }, key: null })).toEqual([200, 'blocked']);
});
