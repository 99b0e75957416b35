/** Nobody makes of a key more than the key that it has: role × act × payload, through the real verbs on real storage. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, toKeyCaller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { assertWithinCeiling } from '../../core/key-ceiling.ts';
import { buildMember, buildTeam, buildUser } from '../../storage/__fixtures__/rows.ts';
import { type OpenStorage, openStorage } from '../../storage/open-storage.ts';
import {
  ACTOR,
  ADMIN,
  buildTestManagement,
  newKey,
  START_MS,
  type TestKeyManagement,
} from './__fixtures__/key-management.ts';
import { blockKey } from './block-key.ts';
import { buildCeiling } from './build-ceiling.ts';
import { toDraft } from './find-key-for.ts';
import { generateKey } from './generate-key.ts';
import type { KeyFields } from './key-fields.ts';
import { regenerateKey } from './regenerate-key.ts';
import { unblockKey } from './unblock-key.ts';
import { updateKey } from './update-key.ts';

let storage: OpenStorage;
let deps: TestKeyManagement;
const clock = { nowMs: START_MS };

beforeAll(async () => {
  storage = await openStorage({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
  deps = buildTestManagement(storage, clock);
  await storage.transact(async (unit) => {
    for (const id of ['ada', 'bert', 'lead']) await unit.users.insert(buildUser({ id }));
    await unit.users.insert(buildUser({ id: 'root', role: 'proxy_admin' }));
    await unit.users.insert(buildUser({ id: 'eyes', role: 'internal_user_viewer' }));
    await unit.users.insert(buildUser({ id: 'capped', models: ['gpt-4'], rpmLimit: 5 }));
    await unit.teams.insert(
      buildTeam({ id: 'crew', memberPermissions: ['/key/generate', '/key/update', '/key/regenerate'] }),
    );
    await unit.teams.insert(buildTeam({ id: 'closed', models: ['gpt-4'] }));
    await unit.teams.insert(buildTeam({ id: 'elsewhere' }));
    for (const teamId of ['crew', 'closed']) {
      for (const userId of ['ada', 'bert', 'capped', 'root'])
        await unit.teamMembers.insert(buildMember({ teamId, userId }));
      await unit.teamMembers.insert(buildMember({ teamId, userId: 'lead', role: 'admin' }));
    }
  });
});
afterAll(() => storage.close());

const make = async (fields: KeyFields): Promise<KeyRecord> =>
  (await generateKey(deps, ADMIN, ACTOR, newKey({ fields }))).key;
async function as(key: KeyRecord): Promise<Caller> {
  return toKeyCaller(key, key.hash, key.expiresAtMs, await storage.ownerCache.standingOf(key));
}
const generate = (caller: Caller, fields: KeyFields) => generateKey(deps, caller, ACTOR, newKey({ fields }));
const update = (caller: Caller, key: KeyRecord, fields: KeyFields) =>
  updateKey(deps, caller, ACTOR, { key: key.keyId, fields });
const rotate = (caller: Caller, key: KeyRecord, fields: KeyFields = {}) =>
  regenerateKey(deps, caller, ACTOR, {
    key: key.keyId,
    newSecret: null,
    gracePeriod: null,
    wantsNewMasterKey: false,
    fields,
    idempotency: null,
  });

describe('a new key', () => {
  test('is for whoever makes it, unless an administrator does', async () => {
    const ada = await as(await make({ userId: 'ada' }));
    expect((await generate(ada, {})).key).toMatchObject({ userId: 'ada', governedBy: null });
    await expect(generate(ada, { userId: 'bert' })).rejects.toMatchObject({ status: 403, param: 'user_id' });
  });

  test('takes over what its request leaves open', async () => {
    const maker = await make({ userId: 'ada', models: ['gpt-4'], maxBudgetNanoUsd: 10, rpmLimit: 3, duration: '1d' });
    const { key } = await generate(await as(maker), { rpmLimit: 2 });
    expect(key).toMatchObject({
      models: ['gpt-4'],
      maxBudgetNanoUsd: 10,
      rpmLimit: 2,
      expiresAtMs: maker.expiresAtMs,
    });
  });

  test.each<[string, KeyFields, KeyFields]>([
    ['models', { models: ['gpt-4'] }, { models: ['gpt-5'] }],
    ['models', { models: ['gpt-4'] }, { models: ['*'] }],
    ['models', { models: ['gpt-4'] }, { models: ['all-team-models'] }],
    ['aliases', { models: ['gpt-4'] }, { aliases: { 'gpt-4': 'gpt-5' } }],
    ['max_budget', { maxBudgetNanoUsd: 10 }, { maxBudgetNanoUsd: 11 }],
    ['max_budget', { maxBudgetNanoUsd: 10, budgetDuration: '7d' }, { maxBudgetNanoUsd: 10, budgetDuration: '1d' }],
    ['rpm_limit', { rpmLimit: 1 }, { rpmLimit: 2 }],
    ['tpm_limit', { tpmLimit: 1 }, { tpmLimit: 2 }],
    ['max_parallel_requests', { maxParallelRequests: 1 }, { maxParallelRequests: 2 }],
    ['model_rpm_limit', { inMetadata: { model_rpm_limit: { a: 1 } } }, { inMetadata: { model_rpm_limit: { a: 2 } } }],
    ['tag_rpm_limit', { inMetadata: { tag_rpm_limit: { a: 1 } } }, { inMetadata: { tag_rpm_limit: { a: 2 } } }],
    ['tag_rpm_limit', { inMetadata: { tag_rpm_limit: { a: 1 } } }, { metadata: { tag_rpm_limit: { b: 1 } } }],
    ['duration', { duration: '1d' }, { duration: '2d' }],
    ['allowed_routes', { allowedRoutes: ['/key/*'] }, { allowedRoutes: ['llm_api_routes'] }],
    ['allowed_routes', {}, { allowedRoutes: ['/model/new'] }],
    ['allowed_routes', {}, { allowedRoutes: ['/*'] }],
    ['allowed_ips', { allowedIps: ['10.0.0.0/8'] }, { allowedIps: ['0.0.0.0/0'] }],
    ['tags', { inMetadata: { tags: ['a'] } }, { inMetadata: { tags: ['b'] } }],
    ['enforced_params', { inMetadata: { enforced_params: ['user'] } }, { inMetadata: { enforced_params: ['seed'] } }],
    ['permissions', {}, { permissions: { get_spend_routes: true } }],
    ['metadata', {}, { metadata: { allow_client_mock_response: true } }],
    ['metadata', {}, { metadata: { logging: [{ callback_name: 'langfuse' }] } }],
    ['temp_budget_increase', {}, { metadata: { temp_budget_increase: 5, temp_budget_expiry: '2030-01-01' } }],
    ['access_group_ids', {}, { extra: { access_group_ids: ['g'] } }],
    ['budget_id', {}, { budgetId: 'b' }],
  ])('with more of %s is refused', async (param, makers, asked) => {
    const maker = await as(await make({ userId: 'ada', ...makers }));
    await expect(generate(maker, asked)).rejects.toMatchObject({ status: 403, param });
  });

  test('of one that may call no model may call none either, whatever else its list holds', async () => {
    const nothing = ['all-team-models', 'no-default-models'];
    const ada = await as(await make({ userId: 'ada', models: nothing }));
    expect((await generate(ada, {})).key.models).toContain('no-default-models');
    await expect(generate(ada, { models: ['gpt-4'] })).rejects.toMatchObject({ status: 403, param: 'models' });
  });

  test('keeps what a model’s name stands for in the calling key', async () => {
    const ada = await as(await make({ userId: 'ada', aliases: { 'gpt-4': 'gpt-5', mine: 'gpt-5' } }));
    const { key } = await generate(ada, {});
    expect(key.aliases).toEqual({ 'gpt-4': 'gpt-5' });
    for (const aliases of [{ other: 'gpt-4' }, { 'gpt-4': 'gpt-4' }, { 'gpt-4': 'gpt-5', other: 'gpt-4' }]) {
      await expect(generate(ada, { aliases })).rejects.toMatchObject({ status: 403, param: 'aliases' });
    }
    await expect(update(await as(key), key, { aliases: null })).rejects.toMatchObject({ param: 'aliases' });
  });

  test('in a team needs the team’s permission and stays with the calling key’s team', async () => {
    const ada = await as(await make({ userId: 'ada' }));
    expect((await generate(ada, { teamId: 'crew' })).key.teamId).toBe('crew');
    await expect(generate(ada, { teamId: 'closed' })).rejects.toMatchObject({ type: 'team_member_permission_error' });
    for (const teamId of ['elsewhere', 'nowhere']) {
      await expect(generate(ada, { teamId })).rejects.toMatchObject({ status: 400, param: 'team_id' });
    }
    const inCrew = await as(await make({ userId: 'ada', teamId: 'crew' }));
    expect((await generate(inCrew, {})).key.teamId).toBe('crew');
  });

  test('in the name of somebody else calls models, and carries the limits of who made it', async () => {
    const lead = await as(await make({ userId: 'lead' }));
    const { key } = await generate(lead, { teamId: 'crew', userId: 'root' });
    expect(key).toMatchObject({ allowedRoutes: ['llm_api_routes', '/key/info', '/key/health'], governedBy: 'lead' });
    const asked = { teamId: 'crew', userId: 'root', allowedRoutes: ['management_routes'] };
    await expect(generate(lead, asked)).rejects.toMatchObject({ status: 403, param: 'allowed_routes' });
  });
});

describe('a key of one’s own', () => {
  test('that somebody else made can be narrowed and rotated, and not widened', async () => {
    const key = await make({ userId: 'ada', rpmLimit: 5, blocked: null });
    const ada = await as(await make({ userId: 'ada' }));
    await update(ada, key, { rpmLimit: 3 });
    await expect(update(ada, key, { rpmLimit: 4 })).rejects.toMatchObject({ status: 403, param: 'rpm_limit' });
    await expect(update(ada, key, { rpmLimit: null })).rejects.toMatchObject({ param: 'rpm_limit' });
    await expect(update(ada, key, { spendNanoUsd: 0 })).rejects.toMatchObject({ param: 'spend' });
    await expect(update(ada, key, { userId: 'bert' })).rejects.toMatchObject({ param: 'user_id' });
    await expect(update(ada, key, { teamId: 'crew' })).rejects.toMatchObject({ param: 'team_id' });
    expect((await rotate(ada, key)).key.rpmLimit).toBe(3);
  });

  test('that its user made can be widened up to the maker, until somebody else has set it', async () => {
    const ada = await as(await make({ userId: 'ada' }));
    const { key } = await generate(ada, { rpmLimit: 5 });
    expect((await update(ada, key, { rpmLimit: 50 })).key.rpmLimit).toBe(50);
    await updateKey(deps, ADMIN, ACTOR, { key: key.keyId, fields: { rpmLimit: 5 } });
    await update(ada, key, { alias: `renamed ${key.keyId}` });
    await expect(update(ada, key, { rpmLimit: 6 })).rejects.toMatchObject({ param: 'rpm_limit' });
  });

  test('cannot widen itself, and a weaker one is not shown the secret of a stronger', async () => {
    const ada = await as(await make({ userId: 'ada' }));
    const { key: weak } = await generate(ada, { rpmLimit: 5 });
    await expect(update(await as(weak), weak, { rpmLimit: 6 })).rejects.toMatchObject({ param: 'rpm_limit' });
    const { key: strong } = await generate(ada, {});
    await expect(rotate(await as(weak), strong)).rejects.toMatchObject({ status: 403 });
    await rotate(await as(weak), weak);
  });

  test('keeps the budget that stood in for another one', async () => {
    const day = { budget_duration: '1d', max_budget: 0.000_000_01 };
    const ada = await as(await make({ userId: 'ada', maxBudgetNanoUsd: 10, budgetDuration: '1d' }));
    const { key } = await generate(ada, { extra: { budget_limits: [day] } });
    await update(ada, key, { maxBudgetNanoUsd: 10, budgetDuration: '1d' });
    await update(ada, key, { extra: { budget_limits: null } });
    await update(ada, key, { extra: { budget_limits: [day] } });
    await update(ada, key, { maxBudgetNanoUsd: null, budgetDuration: null });
    const without = { extra: { budget_limits: null } };
    await expect(update(ada, key, without)).rejects.toMatchObject({ status: 403, param: 'max_budget' });
  });

  test('that is blocked stays so, whichever way its user asks', async () => {
    const ada = await as(await make({ userId: 'ada' }));
    const { key } = await generate(ada, {});
    await blockKey(deps, ADMIN, ACTOR, key.keyId);
    await expect(unblockKey(deps, ada, ACTOR, key.keyId)).rejects.toMatchObject({ status: 403 });
    await expect(update(ada, key, { blocked: false })).rejects.toMatchObject({ param: 'blocked' });
  });
});

describe('a key of the whole team', () => {
  test('can be narrowed by members whom the team lets change its keys, and neither widened nor taken', async () => {
    const key = await make({ teamId: 'crew', rpmLimit: 5 });
    const ada = await as(await make({ userId: 'ada' }));
    expect((await update(ada, key, { teamId: 'crew', rpmLimit: 3, metadata: { note: 'x' } })).key.rpmLimit).toBe(3);
    await expect(update(ada, key, { rpmLimit: 4 })).rejects.toMatchObject({ status: 403, param: 'rpm_limit' });
    await expect(update(ada, key, { spendNanoUsd: 0 })).rejects.toMatchObject({ status: 403, param: 'spend' });
    await expect(update(ada, key, { userId: 'ada' })).rejects.toMatchObject({ status: 403, param: 'user_id' });
    await expect(update(ada, key, { teamId: null })).rejects.toMatchObject({ status: 403, param: 'team_id' });
    await expect(update(ada, await make({ teamId: 'crew', userId: 'bert' }), {})).rejects.toMatchObject({
      status: 403,
      param: 'key',
    });
  });

  test('is rotated by members whose own limits it does not pass by', async () => {
    const ada = await as(await make({ userId: 'ada' }));
    expect((await rotate(ada, await make({ teamId: 'crew' }))).key.userId).toBeNull();
    const capped = await as(await make({ userId: 'capped' }));
    await expect(rotate(capped, await make({ teamId: 'crew' }))).rejects.toMatchObject({
      status: 403,
      param: 'rpm_limit',
    });
    expect((await rotate(capped, await make({ teamId: 'crew', rpmLimit: 5 }))).key.rpmLimit).toBe(5);
  });

  test('stays as it is where the team opens nothing', async () => {
    const ada = await as(await make({ userId: 'ada' }));
    const key = await make({ teamId: 'closed' });
    for (const attempt of [() => update(ada, key, { rpmLimit: 1 }), () => rotate(ada, key)])
      await expect(attempt()).rejects.toMatchObject({ status: 401, type: 'team_member_permission_error' });
    await expect(blockKey(deps, ada, ACTOR, key.keyId)).rejects.toMatchObject({ status: 403, param: '/key/block' });
  });
});

test('a member rotates a key of the team whose list names what no member may call, and may not write such a list', async () => {
  const ada = await as(await make({ userId: 'ada' }));
  const shared = await make({ teamId: 'crew', allowedRoutes: ['*'] });
  const { key } = await rotate(ada, shared, { modelMaxBudget: {} });
  expect(key).toMatchObject({ keyId: shared.keyId, allowedRoutes: ['*'] });
  const narrower = await make({ teamId: 'crew', allowedRoutes: ['/key/*', '/model/new'] });
  await expect(rotate(ada, narrower, { allowedRoutes: ['/model/new'] })).rejects.toMatchObject({
    status: 403,
    param: 'allowed_routes',
  });
});

describe('whatever is asked for', () => {
  const few = fc.option(fc.integer({ min: 0, max: 3 }), { nil: null });
  const names = (...all: string[]) => fc.subarray(all);
  /** Few fields at a time, or all would be refused. */
  const optional = (fields: Record<string, fc.Arbitrary<unknown>>) =>
    fc
      .record(
        Object.fromEntries(
          Object.entries(fields).map(([name, of]) => [
            name,
            fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: of }),
          ]),
        ),
      )
      .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as KeyFields);
  const limits = {
    maxBudgetNanoUsd: few,
    budgetDuration: fc.constantFrom(null, '1d', '7d', '1mo'),
    budgetMode: fc.constantFrom(null, 'standard', 'hard'),
    rpmLimit: few,
    tpmLimit: few,
    maxParallelRequests: few,
    duration: fc.constantFrom(null, '-1', '1d', '7d'),
    models: names('gpt-4', 'gpt-5', '*', 'all-team-models', 'openai/*'),
    aliases: fc.dictionary(fc.constantFrom('gpt-4', 'mine'), fc.constantFrom('gpt-4', 'gpt-5')),
    modelMaxBudget: fc.dictionary(
      fc.constantFrom('gpt-4', 'gpt-5'),
      fc.record({ maxBudgetNanoUsd: fc.integer({ min: 0, max: 3 }), budgetDuration: fc.constantFrom(null, '1d') }),
    ),
    allowedRoutes: names(
      'llm_api_routes',
      'management_routes',
      'info_routes',
      '/key/*',
      '/key/info',
      '/model/new',
      '*',
    ),
    allowedIps: names('10.0.0.0/8', '10.1.0.0/16', '::/0', '0.0.0.0/0'),
    permissions: fc.dictionary(fc.constantFrom('get_spend_routes', 'pii'), fc.boolean()),
    inMetadata: fc.record(
      {
        tags: names('a', 'b'),
        guardrails: names('g', 'h'),
        model_rpm_limit: fc.dictionary(fc.constantFrom('gpt-4', 'gpt-5'), fc.integer({ min: 0, max: 3 })),
        temp_budget_increase: fc.constantFrom(null, 5),
        temp_budget_expiry: fc.constantFrom(null, '2030-01-01'),
      },
      { requiredKeys: [] },
    ),
    extra: fc.record(
      {
        access_group_ids: names('x', 'y'),
        budget_limits: fc.array(fc.constant({ budget_duration: '1d', max_budget: 0.000000002 }), { maxLength: 1 }),
        throttle_on_budget_exceeded: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  };
  const owners = {
    userId: fc.constantFrom(null, 'ada', 'bert', 'root'),
    teamId: fc.constantFrom(null, 'crew', 'closed', 'elsewhere'),
    blocked: fc.boolean(),
    spendNanoUsd: fc.constantFrom(0, 3),
  };

  test('by whomever, what comes out is within the key that asked', async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('ada', 'lead', 'capped', 'eyes', 'root'),
        fc.constantFrom(null, null, 'crew'),
        optional(limits),
        optional({ ...limits, ...owners }),
        fc.constantFrom('generate', 'update', 'regenerate'),
        optional({ ...limits, userId: fc.constantFrom(null, 'ada', 'bert'), teamId: fc.constantFrom(null, 'crew') }),
        async (userId, teamId, makers, asked, act, target) => {
          const maker = await make({ ...makers, userId, ...(userId === 'eyes' ? {} : { teamId }) });
          const caller = await as(maker);
          const before = act === 'generate' ? null : await make(target);
          const done =
            act === 'generate'
              ? generate(caller, asked)
              : act === 'update'
                ? update(caller, before as KeyRecord, asked)
                : rotate(caller, before as KeyRecord, asked);
          const outcome = await done.catch((error: unknown) => error);
          if (outcome instanceof Error) {
            expect(outcome).toBeInstanceOf(GatewayError);
            expect((outcome as GatewayError).status).toBeLessThan(500);
            if (before !== null)
              expect(await storage.keys.find({ kind: 'key_id', keyId: before.keyId })).toEqual(before);
            return;
          }
          made += 1;
          const { key } = outcome as { key: KeyRecord };
          const standing = await storage.ownerCache.standingOf(key);
          const capacity = userId === 'root' ? 'admin' : 'owner';
          const ceiling = buildCeiling(deps, caller, { capacity, before: null, userId: key.userId, standing });
          const was =
            act === 'update' && before !== null
              ? toDraft(before, await storage.ownerCache.standingOf(before))
              : undefined;
          // Who administers all that somebody belongs to may be shown that person's key, with all it may call.
          const isShown = act === 'regenerate' && userId === 'lead';
          assertWithinCeiling(
            toDraft(key, standing),
            {
              ...ceiling,
              // Where some of a map is taken away, the rest of it has been granted before.
              before: act === 'update' ? before : null,
              inOthersName: ceiling.inOthersName && !isShown,
              limits: act === 'generate' ? ceiling.limits : [],
              models: [],
              // Routes that a key had before its rotation may be closed to the role: a list narrows the role of whoever
              // stands behind the key and opens nothing.
              world: act === 'regenerate' ? { ...ceiling.world, mayCall: () => true } : ceiling.world,
            },
            was,
          );
          if (userId !== 'root' && act === 'generate') expect(key.userId === userId || userId === 'lead').toBe(true);
        },
      ),
      { numRuns: 200 },
    );
    expect(made).toBeGreaterThan(20);
  }, 60_000);
});
