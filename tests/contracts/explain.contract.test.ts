import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../src/core/key-secret.ts';
import { type Limits, NO_LIMITS } from '../../src/core/limits.ts';
import {
  buildKey,
  buildMember,
  buildOrganizationMember,
  buildTeam,
  buildUser,
} from '../../src/storage/__fixtures__/rows.ts';
import { buildPolicyGateway, NOW_MS, type PolicyWorld, SECRET } from '../support/policy-world.ts';

const MODELS = ['alpha', 'beta', 'wild/one', 'unpriced', 'broken', 'alias', 'nick', 'team-nick', 'no-such-model'];
const LISTED = [...MODELS, 'group', 'wild/*', '*', 'all-team-models', 'no-default-models'];

/** Mostly absent, so that not every call is refused by something. */
const rarely = <T, N>(value: fc.Arbitrary<T>, otherwise: N, weight = 8): fc.Arbitrary<T | N> =>
  fc.oneof({ weight, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary: value });

const amount = fc.constantFrom(0, 1, 60, 300, 5_000, 1_000_000, 1_000_000_000);
const duration = fc.constantFrom(null, '1h', '1d');
const counts = fc.dictionary(fc.constantFrom('alpha', 'wild/*', 'alias'), fc.constantFrom(0, 1, 2, 500), {
  maxKeys: 2,
});

const limits: fc.Arbitrary<Limits> = fc.record({
  maxBudgetNanoUsd: rarely(amount, null),
  softBudgetNanoUsd: fc.constant(null),
  budgetDuration: rarely(duration, null),
  budgetMode: rarely(fc.constantFrom('standard' as const, 'hard' as const), null),
  budgetLimits: rarely(
    fc.array(fc.record({ maxBudgetNanoUsd: amount, budgetDuration: fc.constantFrom('1h', '1d') }), { maxLength: 3 }),
    [],
  ),
  modelMaxBudget: rarely(
    fc.dictionary(
      fc.constantFrom('alpha', 'wild/*'),
      fc.record({ maxBudgetNanoUsd: amount, budgetDuration: duration }),
      { maxKeys: 2 },
    ),
    {},
  ),
  rpmLimit: rarely(fc.integer({ min: 0, max: 3 }), null),
  tpmLimit: rarely(fc.constantFrom(0, 20, 200, 2_000), null),
  maxParallelRequests: rarely(fc.integer({ min: 0, max: 2 }), null),
  modelRpmLimit: rarely(counts, {}),
  modelTpmLimit: rarely(counts, {}),
});

const owner = fc.record({
  limits,
  models: rarely(fc.subarray(LISTED), []),
  blocked: rarely(fc.constant(true), false, 30),
  metadata: rarely(
    fc.record({
      temp_budget_increase: fc.constantFrom(0.000_001, 1),
      temp_budget_expiry: fc.constantFrom('2026-04-01T12:34:56Z', '2026-04-01T12:34:57Z'),
    }),
    {},
  ),
});

const names = fc.subarray(['user', 'model', 'metadata', 'metadata.note', 'metadata.note.deep'], { minLength: 1 });

const chains = fc.dictionary(
  fc.constantFrom('alpha', 'nick', 'alias', 'wild/*', 'unpriced', 'beta'),
  fc.array(fc.constantFrom(...MODELS), { minLength: 1, maxLength: 3 }),
  { minKeys: 1, maxKeys: 4 },
);

const world: fc.Arbitrary<PolicyWorld> = fc
  .record({
    key: owner,
    user: fc.option(owner),
    team: fc.option(owner),
    member: fc.option(owner),
    organization: fc.option(owner),
    organizationMember: fc.option(limits),
    customer: fc.option(owner),
    tag: fc.option(limits),
    keyBudget: fc.option(limits),
    proxy: limits,
    newEndUserLimits: fc.option(limits),
    budgetMode: fc.constantFrom('standard' as const, 'hard' as const),
    enforceUserParam: rarely(fc.constant(true), false, 10),
    enforced: fc.record({
      ofAll: rarely(names, [], 10),
      ofServiceAccounts: rarely(names, [], 4),
      ofKey: rarely(names, null, 6),
      ofTeam: rarely(names, null, 4),
      serviceAccount: rarely(fc.constant('robot'), null, 3),
    }),
    region: rarely(fc.constantFrom('eu', 'us'), null),
    defaultModel: rarely(fc.constantFrom('alpha', 'beta', 'wild/one'), null),
    expired: rarely(fc.constant(true), false, 30),
    role: rarely(fc.constantFrom('proxy_admin_viewer' as const, 'proxy_admin' as const), 'internal_user' as const),
    allowedIps: rarely(fc.constantFrom(['10.0.0.0/8'], ['192.168.0.1']), [], 10),
    allowedRoutes: rarely(
      fc.constantFrom(['llm_api_routes'], ['/key/*'], ['/chat/completions'], ['/openai/deployments/{model}/*']),
      [],
      10,
    ),
    openTo: rarely(fc.constantFrom(['10.0.0.0/8'], ['192.168.0.1']), null, 10),
    ip: rarely(fc.constantFrom('192.168.0.1', '::ffff:10.1.2.3', '2001:db8::1'), '10.1.2.3', 10),
    path: rarely(
      fc.constantFrom(
        '/chat/completions',
        '/openai/deployments/nick/chat/completions',
        '/engines/wild%2Fone/chat/completions',
      ),
      '/v1/chat/completions',
      10,
    ),
    budgetFallbacks: rarely(chains, {}, 1),
    tagRpmLimit: rarely(fc.dictionary(fc.constantFrom('blue', 'red', 'green'), fc.constantFrom(0, 1, 2)), {}, 1),
    spent: fc.array(rarely(fc.constantFrom(1, 50, 290, 4_999), 0), { minLength: 16, maxLength: 16 }),
  })
  .map((made) => {
    const { limits: ownLimits, ...fields } = made.key;
    const { budgetLimits, modelRpmLimit, modelTpmLimit, ...columns } = ownLimits;
    const named = <T extends { limits: Limits }>({ limits: own, ...rest }: T, id: string) => ({ ...own, ...rest, id });
    const written = budgetLimits.map(({ maxBudgetNanoUsd, budgetDuration }) => ({
      max_budget: maxBudgetNanoUsd / 1e9,
      budget_duration: budgetDuration,
    }));
    const team =
      made.team &&
      buildTeam({
        ...named(made.team, 'crew'),
        modelAliases: { 'team-nick': 'beta' },
        metadata: { ...made.team.metadata, enforced_params: made.enforced.ofTeam },
      });
    const user = made.user && buildUser({ ...named(made.user, 'ada'), role: made.role });
    const ofOwner = buildTeam();
    return {
      key: buildKey({
        ...columns,
        ...fields,
        hash: sha256Hex(SECRET),
        keyId: 'key_1',
        userId: made.user && 'ada',
        teamId: made.team && 'crew',
        organizationId: made.organization && 'acme',
        aliases: { nick: 'beta' },
        metadata: {
          ...fields.metadata,
          tags: ['blue'],
          model_rpm_limit: modelRpmLimit,
          model_tpm_limit: modelTpmLimit,
          tag_rpm_limit: made.tagRpmLimit,
          enforced_params: made.enforced.ofKey,
          service_account_id: made.enforced.serviceAccount,
        },
        extra: { budget_limits: written, budget_fallbacks: made.budgetFallbacks },
        expiresAtMs: made.expired ? NOW_MS : null,
        allowedRoutes: made.allowedRoutes,
        allowedIps: made.allowedIps,
      }),
      owners: {
        user,
        team,
        member:
          user && team && made.member && buildMember({ ...named(made.member, ''), teamId: 'crew', userId: 'ada' }),
        organization: made.organization && { ...ofOwner, ...named(made.organization, 'acme') },
        organizationMember: user &&
          made.organization &&
          made.organizationMember && {
            ...buildOrganizationMember({ organizationId: 'acme', userId: 'ada' }),
            ...made.organizationMember,
          },
        keyBudget: made.keyBudget && { ...ofOwner, ...made.keyBudget, id: 'row' },
      },
      customer: made.customer && {
        ...ofOwner,
        ...named(made.customer, 'customer'),
        allowedModelRegion: made.region,
        defaultModel: made.defaultModel,
      },
      tags: made.tag === null ? [] : [{ ...ofOwner, ...made.tag, id: 'blue', description: null }],
      proxy: made.proxy,
      openTo: made.openTo,
      ip: made.ip,
      path: made.path,
      newEndUserLimits: made.newEndUserLimits,
      budgetMode: made.budgetMode,
      enforceUserParam: made.enforceUserParam,
      enforcedParams: { ofAll: made.enforced.ofAll, ofServiceAccounts: made.enforced.ofServiceAccounts },
      balanceOf: (counter) => made.spent[sumOf(counter) % made.spent.length] as number,
    } satisfies PolicyWorld;
  });

function sumOf(text: string): number {
  return [...text].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
}

/** Little stands in the way of a call but the key's budgets. */
const pinched: fc.Arbitrary<PolicyWorld> = fc
  .tuple(
    world,
    fc.dictionary(
      fc.constantFrom('alpha', 'beta', 'wild/*', 'wild/one'),
      fc.record({ maxBudgetNanoUsd: fc.constantFrom(0, 1, 300), budgetDuration: duration }),
      { minKeys: 1 },
    ),
    rarely(fc.constantFrom(['alpha', 'beta'], ['alpha', 'wild/*']), [], 2),
    chains,
  )
  .map(([made, modelMaxBudget, models, chains]) => ({
    ...made,
    key: {
      ...made.key,
      modelMaxBudget,
      models,
      maxBudgetNanoUsd: made.key.maxBudgetNanoUsd || null,
      extra: { budget_fallbacks: { alpha: ['unpriced', 'beta', 'wild/two'], ...chains } },
      blocked: null,
      expiresAtMs: null,
      allowedRoutes: [],
      allowedIps: [],
      teamId: null,
      organizationId: null,
    },
    owners: { user: null, team: null, member: null, organization: null, organizationMember: null, keyBudget: null },
    openTo: null,
    path: '/v1/chat/completions',
    customer: null,
    newEndUserLimits: null,
    tags: [],
    proxy: NO_LIMITS,
    enforceUserParam: false,
    enforcedParams: null,
  }));

const body = fc.record(
  {
    model: rarely(fc.constantFrom(...MODELS), 'alpha', 1),
    messages: fc.constant([{ role: 'user', content: 'How is the weather in Paris today?' }]),
    max_tokens: fc.constantFrom(1, 10, 300),
    user: fc.constantFrom('customer', 'stranger'),
    tags: fc.constantFrom(['blue'], ['red', 'blue'], []),
    metadata: fc.constantFrom({}, { note: 'x' }, { note: { deep: 1 } }, '{"note": 1}'),
    fallbacks: fc.constantFrom(['alpha'], [{ alpha: ['beta'] }], []),
  },
  { requiredKeys: ['messages'] },
);

/** Which group the path names; null: the body does. */
function groupInPath(path: string): string | null {
  return path.includes('/nick/') ? 'nick' : path.includes('/wild') ? 'wild/one' : null;
}

/** The group that a name stands for here; an end user's default is not looked at. */
function groupOf(model: string | null): string | null {
  const targets: Record<string, string> = { alias: 'alpha', nick: 'beta', 'team-nick': 'beta', 'wild/one': 'wild/*' };
  return model === null ? null : (targets[model] ?? model);
}

const earlier = fc.array(fc.record({ body, hanging: fc.boolean() }), { maxLength: 4 });

/** What calls came to, and how often: explained and lived alike, or the property fails. */
async function compare(policies: fc.Arbitrary<PolicyWorld>, numRuns: number): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(policies, earlier, body, async (made, calls, question) => {
      const gateway = buildPolicyGateway(made, () => NOW_MS);
      for (const call of calls) await gateway.call(call.body, { hanging: call.hanging });
      const explained = await gateway.explain(question);
      const lived = await gateway.call(question);
      const isInstead =
        lived.admitted &&
        lived.group !== groupOf(groupInPath(made.path) ?? question.model ?? made.customer?.defaultModel ?? null);
      const words = lived.admitted ? `admitted${isInstead ? ' instead' : ''}` : lived.message.slice(0, 40);
      seen.set(words, (seen.get(words) ?? 0) + 1);
      expect(explained).toEqual(lived);
    }),
    { numRuns },
  );
  return seen;
}

test('/key/explain and the live call come to the same decision, in the same words, whatever the policies', async () => {
  const seen = await compare(world, 1_000);
  // Otherwise all of this would have shown little.
  expect(seen.get('admitted')).toBeGreaterThan(10);
  expect(seen.size).toBeGreaterThan(20);
  for (const words of ['exceeded for tag_per_key', 'please pass param=']) {
    expect([...seen.keys()].filter((said) => said.includes(words))).not.toEqual([]);
  }
}, 60_000);

test('and to the same model, where budgets of a key run out and it has fallbacks', async () => {
  const seen = await compare(pinched, 500);
  expect(seen.get('admitted')).toBeGreaterThan(10);
  expect(seen.get('admitted instead')).toBeGreaterThan(25);
  expect(seen.get('Budget has been exceeded! LiteLLM Virtua')).toBeGreaterThan(10);
}, 60_000);

test('asking uses up nothing', async () => {
  const policies = fc.sample(world, { numRuns: 1, seed: 1 })[0] as PolicyWorld;
  const key = {
    ...policies.key,
    ...NO_LIMITS,
    rpmLimit: 1,
    maxParallelRequests: 1,
    models: [],
    metadata: {},
    extra: {},
  };
  const owners = {
    user: null,
    team: null,
    member: null,
    organization: null,
    organizationMember: null,
    keyBudget: null,
  };
  const open = {
    ...policies,
    key: { ...key, blocked: null, expiresAtMs: null, allowedRoutes: [] },
    owners,
    proxy: NO_LIMITS,
    openTo: null,
    path: '/v1/chat/completions',
  };
  const gateway = buildPolicyGateway({ ...open, enforceUserParam: false, enforcedParams: null }, () => NOW_MS);
  const question = { model: 'alpha', messages: [{ role: 'user', content: 'hi' }] };
  for (let asked = 0; asked < 5; asked += 1)
    expect(await gateway.explain(question)).toEqual({ admitted: true, group: 'alpha' });
  expect(await gateway.call(question)).toEqual({ admitted: true, group: 'alpha' });
  expect(await gateway.explain(question)).toMatchObject({ admitted: false, status: 429 });
});
