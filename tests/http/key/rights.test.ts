/**
 * Nobody makes more than they have: role × route × payload, in the wire's own fields. What comes out is compared with the
 * calling key by what both open to whoever holds them, and not by the rules that let it through.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';
import { findExcess, type KeyInfo } from './find-excess.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
  await admin('/budget/new', { budget_id: 'wide', rpm_limit: 1000, max_budget: 1000 });
  await admin('/budget/new', { budget_id: 'tight', rpm_limit: 1, max_budget: 1 });
  await admin('/organization/new', { organization_id: 'acme', organization_alias: 'acme' });
  for (const user_id of ['ada', 'bert', 'lead', 'boss', 'root', 'eyes']) {
    const user_role = ROLES[user_id] ?? 'internal_user';
    await admin('/user/new', { user_id, user_role, auto_create_key: false });
  }
  await admin('/organization/member_add', {
    organization_id: 'acme',
    member: { user_id: 'boss', role: 'org_admin' },
  });
  await admin('/team/new', {
    team_id: 'crew',
    team_member_permissions: ['/key/generate', '/key/update', '/key/regenerate', '/key/service-account/generate'],
    members_with_roles: [
      { user_id: 'lead', role: 'admin' },
      { user_id: 'ada', role: 'user' },
      { user_id: 'bert', role: 'user' },
      { user_id: 'root', role: 'user' },
    ],
  });
  await admin('/team/new', { team_id: 'ours', organization_id: 'acme' });
});
afterAll(() => gateway.close());

const ROLES: Record<string, string> = { root: 'proxy_admin', eyes: 'internal_user_viewer' };

async function admin(path: string, body: object) {
  const answer = await callGateway(gateway, `POST ${path}`, { body });
  if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
async function infoOf(key: string): Promise<KeyInfo> {
  return (await callGateway(gateway, `GET /key/info?key=${encodeURIComponent(key)}`)).body.info;
}

const names = (...all: string[]) => fc.subarray(all);
const few = fc.constantFrom(null, 0, 1, 2, 3);
const byModel = (of: fc.Arbitrary<unknown>) => fc.dictionary(fc.constantFrom('gpt-4', 'mock-gpt'), of);
const MODELS = ['gpt-4', 'mock-gpt', 'gpt-3.5-turbo'];
const FIELDS: Record<string, fc.Arbitrary<unknown>> = {
  allowed_routes: names(
    'llm_api_routes',
    'management_routes',
    'info_routes',
    '/key/*',
    '/key/info',
    '/model/new',
    '/*',
  ),
  models: names(...MODELS, '*', 'all-team-models', 'gpt-*', 'mine', 'no-default-models'),
  aliases: fc.dictionary(fc.constantFrom('gpt-4', 'mine'), fc.constantFrom(...MODELS)),
  max_budget: few,
  budget_duration: fc.constantFrom(null, '1d', '7d', '1mo'),
  budget_limits: fc.array(
    fc.record({ budget_duration: fc.constantFrom('1d', '7d'), max_budget: fc.constantFrom(1, 2, 3) }),
    { maxLength: 2 },
  ),
  budget_mode: fc.constantFrom(null, 'standard', 'hard'),
  budget_id: fc.constantFrom(null, 'wide', 'tight'),
  soft_budget: few,
  model_max_budget: byModel(
    fc.record({ budget_limit: fc.constantFrom(1, 2), time_period: fc.constantFrom('1d', '7d') }),
  ),
  rpm_limit: few,
  tpm_limit: few,
  max_parallel_requests: few,
  model_rpm_limit: byModel(fc.constantFrom(1, 2)),
  model_tpm_limit: byModel(fc.constantFrom(1, 2)),
  tag_rpm_limit: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom(1, 2)),
  duration: fc.constantFrom(null, '-1', '1d', '7d'),
  allowed_ips: names('127.0.0.0/8', '127.0.0.1', '::/0', '0.0.0.0/0'),
  tags: names('a', 'b'),
  guardrails: names('g', 'h'),
  enforced_params: names('user', 'metadata.note'),
  permissions: fc.dictionary(fc.constantFrom('get_spend_routes', 'pii'), fc.boolean()),
  object_permission: fc.record({ mcp_servers: names('m', 'n'), vector_stores: names('v') }, { requiredKeys: [] }),
  metadata: fc.record(
    {
      logging: fc.subarray([
        { callback_name: 'langfuse', callback_type: 'success', callback_vars: { langfuse_host: 'https://a.example' } },
        { callback_name: 'langfuse', callback_vars: { langfuse_host: 'os.environ/HOST' } },
      ]),
      allow_client_mock_response: fc.boolean(),
      tags: names('a', 'b'),
      model_rpm_limit: byModel(fc.constantFrom(1, 2)),
      tag_rpm_limit: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom(1, 2)),
      end_user_budget_id: fc.constantFrom('tight', 'wide'),
      temp_budget_increase: fc.constant(5),
      temp_budget_expiry: fc.constant('2099-01-01'),
    },
    { requiredKeys: [] },
  ),
  access_group_ids: names('x', 'y'),
};
const OWNERS: Record<string, fc.Arbitrary<unknown>> = {
  user_id: fc.constantFrom(null, 'ada', 'bert', 'root', 'lead'),
  team_id: fc.constantFrom(null, 'crew', 'ours'),
  organization_id: fc.constantFrom(null, 'acme'),
};
/** Few fields at a time, or all would be refused. */
const some = (fields: Record<string, fc.Arbitrary<unknown>>, most = 4) =>
  fc.subarray(Object.keys(fields), { maxLength: most }).chain((chosen) => {
    return fc.record(Object.fromEntries(chosen.map((name) => [name, fields[name] as fc.Arbitrary<unknown>])));
  });

const ACTS = [
  'generate',
  'update',
  'regenerate',
  'bulk_update',
  'team_bulk_update',
  'service_account',
  'new_user',
] as const;
type Act = (typeof ACTS)[number];

/** What keys of a team cannot be given at once. */
const NOT_FOR_MANY = new Set([
  ...['allowed_routes', 'models', 'aliases', 'allowed_ips', 'permissions', 'object_permission', 'access_group_ids'],
  ...['enforced_params', 'user_id', 'team_id', 'organization_id'],
]);

interface Attempt {
  act: Act;
  secret: string;
  asked: Record<string, unknown>;
  target: string;
  serial: number;
}

/** Asks for it on the route of the act. */
async function attempt({ act, secret, asked, target, serial }: Attempt) {
  const post = (path: string, body: object) => callGateway(gateway, `POST ${path}`, { key: secret, body });
  if (act === 'generate') return post('/key/generate', asked);
  if (act === 'update') return post('/key/update', { ...asked, key: target });
  if (act === 'regenerate') return post('/key/regenerate', { ...asked, key: target });
  if (act === 'bulk_update') return post('/key/bulk_update', { keys: [{ ...asked, key: target }] });
  if (act === 'team_bulk_update') {
    const updatable = Object.entries(asked).filter(([name]) => !NOT_FOR_MANY.has(name));
    const body = { team_id: 'crew', key_ids: [target], update_fields: Object.fromEntries(updatable) };
    return post('/team/key/bulk_update', body);
  }
  if (act === 'service_account') return post('/key/service-account/generate', { team_id: 'crew', ...asked });
  const { team_id: _team, organization_id: _organization, ...fields } = asked;
  return post('/user/new', { ...fields, user_id: `made-${serial}`, organizations: ['acme'] });
}

test('by whatever route, what comes out opens no more than the calling key', async () => {
  const made: Record<string, number> = {};
  let serial = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('ada', 'lead', 'boss', 'root', 'eyes'),
      fc.boolean(),
      some(FIELDS),
      some({ ...FIELDS, ...OWNERS }, 3),
      fc.constantFrom(...ACTS),
      some(FIELDS, 2),
      fc.boolean(),
      async (userId, inTeam, makers, asked, act, targets, ofTeam) => {
        serial += 1;
        const placed = userId === 'boss' ? { organization_id: 'acme' } : inTeam ? { team_id: 'crew' } : {};
        const by = await callGateway(gateway, 'POST /key/generate', {
          body: { ...makers, ...(userId === 'eyes' ? {} : placed), user_id: userId },
        });
        const owner = { user_id: 'ada', ...(userId === 'lead' || ofTeam ? { team_id: 'crew' } : {}) };
        const of = await callGateway(gateway, 'POST /key/generate', { body: { ...targets, ...owner } });
        if (by.status !== 200 || of.status !== 200) {
          expect([by.status, of.status].every((status) => status < 500)).toBe(true);
          return;
        }
        const target = of.body.key_id as string;
        const changes = ['update', 'regenerate', 'bulk_update', 'team_bulk_update'].includes(act);
        const before = changes ? await infoOf(target) : null;
        const answer = await attempt({ act, secret: by.body.key, asked, target, serial });
        expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500);
        if (answer.status !== 200 || answer.body.successful_updates?.length === 0) {
          if (changes) expect(await infoOf(target)).toEqual(before);
          return;
        }
        made[act] = (made[act] ?? 0) + 1;
        const id = changes ? target : answer.body.key;
        if (id === null || id === undefined || id === '') return;
        const [maker, key] = [await infoOf(by.body.key), await infoOf(id)];
        expect(
          findExcess(maker, key, {
            before,
            isAdmin: userId === 'root',
            isManager: userId === 'lead' || userId === 'boss',
          }),
        ).toEqual([]);
        // Whoever rotates a key holds it.
        if (act === 'regenerate' && key.key_id !== maker.key_id) {
          expect(findExcess(maker, key, { before: null, isAdmin: true, isManager: true })).toEqual([]);
        }
      },
    ),
    { numRuns: 400 },
  );
  expect(Object.keys(made).sort()).toEqual([...ACTS].sort());
}, 120_000);

test('who administers two teams rotates with a key of the one no key of the other', async () => {
  const team = { members_with_roles: [{ user_id: 'lead', role: 'admin' }] };
  await admin('/team/new', { ...team, team_id: 'narrow', max_budget: 1 });
  await admin('/team/new', { ...team, team_id: 'broad', max_budget: 1_000 });
  const { key: narrow } = await admin('/key/generate', { user_id: 'lead', team_id: 'narrow' });
  for (const owner of [{ team_id: 'broad' }, { team_id: 'broad', user_id: 'lead' }, { user_id: 'lead' }]) {
    const { key_id } = await admin('/key/generate', owner);
    const rotate = (key: string) => callGateway(gateway, 'POST /key/regenerate', { key, body: { key: key_id } });
    const refused = await rotate(narrow);
    expect([refused.status, refused.body.error?.param]).toEqual([403, 'team_id']);
    expect((await rotate((await admin('/key/generate', { user_id: 'lead' })).key)).status).toBe(200);
  }
});

test('an administrator’s key of a team makes keys there, and takes none elsewhere', async () => {
  const { key } = await admin('/key/generate', { user_id: 'root', team_id: 'crew' });
  const post = (path: string, body: object) => callGateway(gateway, `POST ${path}`, { key, body });
  expect((await post('/key/generate', {})).body.team_id).toBe('crew');
  const { key_id } = (await post('/key/generate', { user_id: 'bert' })).body;
  for (const [path, body] of [
    ['/key/generate', { team_id: 'ours' }],
    ['/key/service-account/generate', { team_id: 'ours' }],
    ['/key/update', { key: key_id, team_id: null }],
    ['/key/update', { key, team_id: 'ours' }],
  ] as const) {
    const { status, body: reply } = await post(path, body);
    expect([path, status, reply.error?.param]).toEqual([path, 403, 'team_id']);
  }
});

test('a bound key of an administrator gives nobody what is beyond it: no password, no role', async () => {
  const password = 'correct horse battery';
  await admin('/user/new', { user_id: 'puppet', auto_create_key: false });
  for (const bound of [
    { max_budget: 1 },
    { models: ['gpt-4'] },
    { allowed_routes: ['/user/*'] },
    { duration: '1d' },
    { team_id: 'crew' },
  ]) {
    const { key } = await admin('/key/generate', { ...bound, user_id: 'root' });
    for (const [path, body, param] of [
      ['/user/new', { user_id: 'made', password }, 'password'],
      ['/user/new', { user_id: 'made', user_role: 'proxy_admin' }, 'user_role'],
      ['/user/update', { user_id: 'puppet', password }, 'password'],
      ['/user/update', { user_id: 'puppet', user_role: 'proxy_admin' }, 'user_role'],
    ] as const) {
      const { status, body: reply } = await callGateway(gateway, `POST ${path}`, { key, body });
      expect([bound, path, status, reply.error?.param]).toEqual([bound, path, 403, param]);
    }
  }
  const { key } = await admin('/key/generate', { user_id: 'root' });
  const body = { user_id: 'puppet', password, user_role: 'proxy_admin' };
  expect((await callGateway(gateway, 'POST /user/update', { key, body })).status).toBe(200);
});
