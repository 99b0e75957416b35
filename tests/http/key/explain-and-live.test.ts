/**
 * /key/explain over HTTP against the live call, over real owners that were made by the API: users, members, teams, organisations,
 * customers and tags with random limits on one path. What the two can be asked about without HTTP, and of how many more
 * policies, is in tests/contracts/explain.contract.test.ts.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const WORLDS = 15;

let gateway: TestApp;
beforeAll(async () => {
  // Refusals tell how long it is until the next minute.
  gateway = await startTestApp({ nowMs: () => Date.UTC(2026, 3, 1, 12) });
});
afterAll(() => gateway.close());

/** Mostly absent, so that not every call is refused by something. */
const seldom = <T>(...values: T[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...values) });
const limits = fc.record({
  max_budget: seldom(0, 0.000_01, 1),
  rpm_limit: seldom(0, 1, 2),
  tpm_limit: seldom(0, 20, 2_000),
  budget_mode: seldom('hard', 'standard'),
  budget_duration: seldom('1d'),
  models: seldom(['gpt-4'], ['mock-gpt'], ['gpt-*']),
  model_rpm_limit: seldom({ 'mock-gpt': 1 }),
  model_max_budget: seldom({ 'mock-gpt': { budget_limit: 0.000_01, time_period: '1d' } }),
});
const world = fc.record({
  organization: limits,
  user: limits,
  team: limits,
  member: fc.record({ team_member_budget: seldom(0.000_01), team_member_rpm_limit: seldom(1) }),
  customer: fc.record({
    max_budget: seldom(0, 1),
    rpm_limit: seldom(1),
    blocked: seldom(true),
    default_model: seldom('gpt-4'),
  }),
  tag: fc.record({ max_budget: seldom(0, 1), rpm_limit: seldom(1) }),
  key: fc.tuple(
    limits,
    fc.record({
      blocked: seldom(true),
      allowed_routes: seldom(['llm_api_routes'], ['/key/*']),
      allowed_ips: seldom(['127.0.0.1'], ['10.0.0.0/8']),
      max_parallel_requests: seldom(0, 1),
      budget_fallbacks: seldom({ 'mock-gpt': ['gpt-4'] }),
    }),
  ),
  inTeam: fc.boolean(),
  inOrganization: fc.boolean(),
  ofUser: fc.boolean(),
  teamBlocked: seldom(true),
});
const call = fc.record({
  model: fc.constantFrom('mock-gpt', 'mock-gpt', 'gpt-4', 'gpt-3.5-turbo', 'nobody'),
  messages: fc.constant([{ role: 'user', content: 'How is the weather?' }]),
  max_tokens: fc.constantFrom(1, 10, 300),
  user: fc.constantFrom(undefined, 'customer', 'stranger'),
  tags: fc.constantFrom(undefined, ['tag']),
  n: fc.constantFrom(undefined, 2),
});

const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });

test('what is told is what happens, whoever stands on the path', async () => {
  let serial = 0;
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(world, fc.array(call, { minLength: 3, maxLength: 3 }), async (made, calls) => {
      serial += 1;
      const named = (kind: string) => `${kind}-${serial}`;
      const organization_id = named('organization');
      await post('/organization/new', { ...made.organization, organization_id, organization_alias: organization_id });
      await post('/user/new', { ...made.user, user_id: named('user'), auto_create_key: false });
      const team = await post('/team/new', {
        ...made.team,
        ...made.member,
        team_id: named('team'),
        ...(made.inOrganization ? { organization_id } : {}),
        members_with_roles: [{ user_id: named('user'), role: 'user' }],
      });
      await post('/customer/new', { ...made.customer, user_id: named('customer') });
      await post('/tag/new', { ...made.tag, name: named('tag') });
      const [own, rest] = made.key;
      const isInTeam = made.inTeam && team.status === 200;
      const { body: issued } = await post('/key/generate', {
        ...own,
        ...rest,
        ...(made.ofUser ? { user_id: named('user') } : {}),
        ...(isInTeam ? { team_id: named('team') } : {}),
      });
      if (made.teamBlocked) await post('/team/block', { team_id: named('team') });
      for (const { user, tags, ...asked } of calls) {
        const body = { ...asked, user: user && named(user), tags: tags?.map(named) };
        const told = (await post('/key/explain', { ...body, key: issued.key, ip: '127.0.0.1' })).body;
        const live = await post('/v1/chat/completions', body, issued.key);
        const outcome = live.status === 200 ? live.headers['x-litellm-model-group'] : live.body.error.message;
        expect(told.allowed ? told.served_by : told.error.message).toBe(outcome);
        expect(told.allowed ? 200 : Number(told.error.code)).toBe(live.status);
        seen.add(String(outcome).slice(0, 30));
      }
    }),
    { numRuns: WORLDS },
  );
  expect(seen.size).toBeGreaterThan(3);
}, 60_000);
