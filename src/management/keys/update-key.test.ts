import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../core/audit.ts';
import type { KeyRecord } from '../../core/key.ts';
import { type OpenStorage, openStorage } from '../../storage/open-storage.ts';
import {
  ACTOR,
  ADMIN,
  buildTestManagement,
  callerOf,
  newKey,
  PLAIN_SETTINGS,
  START_MS,
  seedOwners,
  settingsWith,
  type TestKeyManagement,
} from './__fixtures__/key-management.ts';
import { generateKey } from './generate-key.ts';
import type { KeyFields } from './key-fields.ts';
import { updateKey } from './update-key.ts';

const clock = { nowMs: START_MS };
let storage: OpenStorage;
let deps: TestKeyManagement;

beforeAll(async () => {
  storage = await openStorage({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
  await seedOwners(storage, { teams: ['t-1', 't-2'], organizations: ['o-1', 'o-2'] });
});
beforeEach(() => {
  clock.nowMs = START_MS;
  deps = buildTestManagement(storage, clock);
});
afterAll(() => storage.close());

const make = async (fields: KeyFields = {}): Promise<KeyRecord> =>
  (await generateKey(deps, ADMIN, ACTOR, newKey({ fields }))).key;
const update = (key: KeyRecord, fields: KeyFields) => updateKey(deps, ADMIN, ACTOR, { key: key.keyId, fields });
const stored = (key: KeyRecord) => storage.keys.find({ kind: 'key_id', keyId: key.keyId });

describe('a field that a request', () => {
  const name = fc.string({ minLength: 1, maxLength: 20 }).map((text) => `n${text.replace(/\p{Cc}/gu, '')}`);
  const amount = fc.integer({ min: 0, max: 9_000_000 });
  const duration = fc.constantFrom('30s', '15m', '24h', '7d', '2w', '1mo');
  const json = fc.dictionary(name, fc.constantFrom(0, '', false, 'text', 12.5), { maxKeys: 3 });
  const value = {
    userId: name,
    teamId: fc.constantFrom('t-1', 't-2'),
    organizationId: fc.constantFrom('o-1', 'o-2'),
    models: fc.array(name, { minLength: 1, maxLength: 3 }),
    aliases: fc.dictionary(name, fc.constantFrom('gpt-4', 'gpt-5'), { minKeys: 1, maxKeys: 2 }),
    maxBudgetNanoUsd: amount,
    softBudgetNanoUsd: amount,
    budgetDuration: duration,
    budgetMode: fc.constantFrom('standard', 'hard'),
    modelMaxBudget: fc.dictionary(name, fc.record({ maxBudgetNanoUsd: amount, budgetDuration: fc.option(duration) }), {
      minKeys: 1,
      maxKeys: 2,
    }),
    rpmLimit: amount,
    tpmLimit: amount,
    maxParallelRequests: amount,
    permissions: json,
    config: json,
    allowedCacheControls: fc.array(name, { maxLength: 2 }),
    allowedRoutes: fc.array(name, { maxLength: 2 }),
    blocked: fc.boolean(),
    autoRotate: fc.boolean(),
    rotationInterval: duration,
    metadata: json,
  } as const;
  type Field = keyof typeof value;
  const cleared: Partial<Record<Field, unknown>> = {
    models: [],
    aliases: {},
    modelMaxBudget: {},
    permissions: {},
    config: {},
    allowedCacheControls: [],
    allowedRoutes: [],
    autoRotate: false,
    metadata: {},
  };
  /** Each field absent, null, or a value, independently of the others. */
  const request = fc.record(
    Object.fromEntries(
      Object.entries(value).map(([field, of]) => [field, fc.option<unknown>(of as fc.Arbitrary<unknown>)]),
    ),
    { requiredKeys: [] },
  ) as fc.Arbitrary<Partial<Record<Field, unknown>>>;

  test('leaves out stays, a null clears and a value sets, for every field at once', async () => {
    await fc.assert(
      fc.asyncProperty(request, request, async (first, second) => {
        const made = await make(first as KeyFields);
        const { key } = await update(made, second as KeyFields);
        for (const field of Object.keys(value) as Field[]) {
          const said = second[field];
          const expected = said === undefined ? made[field] : (said ?? cleared[field] ?? null);
          expect(key[field], field).toEqual(expected);
        }
        expect(await stored(made)).toEqual(key);
      }),
      { numRuns: 60 },
    );
  });
});

describe('an update', () => {
  test('replaces metadata as a whole, {} included, and then puts tags and model limits into it', async () => {
    const key = await make({ metadata: { a: 1 }, inMetadata: { tags: ['t'] } });
    expect((await update(key, { inMetadata: { tags: ['u'] } })).key.metadata).toEqual({ a: 1, tags: ['u'] });
    const both = { metadata: { b: 2 }, inMetadata: { model_rpm_limit: { 'gpt-4': 1 } } };
    expect((await update(key, both)).key.metadata).toEqual({ b: 2, model_rpm_limit: { 'gpt-4': 1 } });
    expect((await update(key, { inMetadata: { model_rpm_limit: null } })).key.metadata).toEqual({ b: 2 });
    expect((await update(key, { metadata: {} })).key.metadata).toEqual({});
  });

  test('counts a duration from now, and clears the expiry with null or -1', async () => {
    const key = await make({ duration: '1d' });
    clock.nowMs += 1_000;
    expect((await update(key, { rpmLimit: 1 })).key.expiresAtMs).toBe(key.expiresAtMs);
    expect((await update(key, { duration: '1h' })).key.expiresAtMs).toBe(START_MS + 1_000 + 3_600_000);
    expect((await update(key, { duration: '-1' })).key.expiresAtMs).toBeNull();
    await update(key, { duration: '1h' });
    expect((await update(key, { duration: null })).key.expiresAtMs).toBeNull();
  });

  test('shows the end of the window of its budget, and none without a duration', async () => {
    const key = await make({ budgetDuration: '1d' });
    expect((await update(key, { rpmLimit: 1 })).budgetResetAtMs).toBe(Date.UTC(2026, 3, 2));
    expect((await update(key, { budgetDuration: '1mo' })).budgetResetAtMs).toBe(Date.UTC(2026, 4, 1));
    expect((await update(key, { budgetDuration: null })).budgetResetAtMs).toBeNull();
  });

  test('finds its key by secret, hash, key_id and alias', async () => {
    const { key, secret } = await generateKey(deps, ADMIN, ACTOR, newKey({ fields: { alias: 'by-name' } }));
    for (const [index, text] of [secret, key.hash, key.keyId, 'by-name'].entries()) {
      const view = await updateKey(deps, ADMIN, ACTOR, { key: text, fields: { rpmLimit: index } });
      expect(view.key).toMatchObject({ keyId: key.keyId, rpmLimit: index });
    }
  });

  test('leaves one audit row with just the fields that changed', async () => {
    const key = await make({ rpmLimit: 1, tpmLimit: 5 });
    await update(key, { rpmLimit: 2, tpmLimit: 5 });
    const [row] = (await deps.auditOf(key.hash)).filter(({ action }) => action === 'updated');
    expect(row).toMatchObject({ ...ACTOR, before: { rpm_limit: 1 }, after: { rpm_limit: 2 } });
    expect(Object.keys(row?.after ?? {})).toEqual(['rpm_limit']);
  });

  test('writes no credential of a log destination into the audit log, and keeps it when its mask comes back', async () => {
    const logging = (secretKey: string) => [
      { callback_name: 'langfuse', callback_vars: { langfuse_secret_key: secretKey } },
    ];
    const key = await make({ metadata: { logging: logging('sk-lf-0123456789abcdef') } });
    await update(key, { metadata: { logging: logging('****cdef'), app: 'x' } });
    expect((await stored(key))?.metadata).toEqual({ logging: logging('sk-lf-0123456789abcdef'), app: 'x' });
    expect(JSON.stringify(await deps.auditOf(key.hash))).not.toContain('0123456789');
  });
});

describe('the spend of a key', () => {
  test('is set to what an update says, and audited', async () => {
    const key = await make({ spendNanoUsd: 100, budgetDuration: '1d' });
    expect(await update(key, { spendNanoUsd: 40 })).toMatchObject({ spendNanoUsd: 40 });
    expect(await update(key, { spendNanoUsd: null })).toMatchObject({ spendNanoUsd: 0 });
    expect(await deps.readSpend([key])).toEqual([0]);
    expect(await deps.auditOf(key.hash)).toContainEqual(
      expect.objectContaining({ action: 'updated', before: { spend: 1e-7 }, after: { spend: 4e-8 } }),
    );
  });

  test('goes along into the window of another duration, and back without being counted twice', async () => {
    const key = await make({ spendNanoUsd: 100, maxBudgetNanoUsd: 50 });
    for (const budgetDuration of ['1d', '1mo', null, '1d']) {
      const view = await update(key, { budgetDuration });
      expect(view.spendNanoUsd, String(budgetDuration)).toBe(100);
      expect(await deps.readSpend([view.key])).toEqual([100]);
    }
  });

  test('on a model goes along into the window of another duration, and no other model is touched', async () => {
    const key = await make({
      modelMaxBudget: {
        'gpt-4': { maxBudgetNanoUsd: 50, budgetDuration: '1d' },
        'gpt-5': { maxBudgetNanoUsd: 50, budgetDuration: null },
      },
    });
    const spent = async (model: string) =>
      (await deps.readCounters([deps.spendCounter((await stored(key)) as KeyRecord, clock.nowMs, model)]))[0];
    const audit = (await deps.auditOf(key.hash))[0] as AuditEntry;
    const bill = (model: string, id: string) => ({
      id,
      counter: deps.spendCounter(key, clock.nowMs, model),
      deltaNanoUsd: 70,
      reason: 'spend_set' as const,
      atMs: clock.nowMs,
    });
    await storage.keys.change({ kind: 'key_id', keyId: key.keyId }, (current) => ({
      next: current,
      adjustments: [bill('gpt-4', 'bill_1'), bill('gpt-5', 'bill_2')],
      audit: { ...audit, id: 'audit_bills' },
    }));
    for (const budgetDuration of ['1mo', null, '1d', '1d']) {
      await update(key, {
        modelMaxBudget: {
          'gpt-4': { maxBudgetNanoUsd: 60, budgetDuration },
          'gpt-5': { maxBudgetNanoUsd: 60, budgetDuration: null },
        },
      });
      expect([await spent('gpt-4'), await spent('gpt-5')], String(budgetDuration)).toEqual([70, 70]);
    }
    expect(await deps.readSpend([key])).toEqual([0]);
    const updates = (await deps.auditOf(key.hash)).filter(({ action }) => action === 'updated');
    expect(updates).toHaveLength(4);
    expect(JSON.stringify(updates)).not.toContain('spendNanoUsd');
  });

  test('on a model that had no budget starts at nothing', async () => {
    const key = await make({ spendNanoUsd: 100 });
    const { key: next } = await update(key, {
      modelMaxBudget: { 'gpt-4': { maxBudgetNanoUsd: 60, budgetDuration: '1d' } },
    });
    expect(await deps.readCounters([deps.spendCounter(next, clock.nowMs, 'gpt-4')])).toEqual([0]);
  });

  test('is set in the new window when both change', async () => {
    const key = await make({ spendNanoUsd: 100 });
    expect(await update(key, { budgetDuration: '1d', spendNanoUsd: 3 })).toMatchObject({ spendNanoUsd: 3 });
  });

  test('set by two at once ends as one of them said', async () => {
    const key = await make({ spendNanoUsd: 10 });
    const results = await Promise.allSettled([update(key, { spendNanoUsd: 50 }), update(key, { spendNanoUsd: 60 })]);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ status: 409 });
    }
    expect([50, 60]).toContain((await deps.readSpend([key]))[0]);
  });
});

describe('an update is refused when', () => {
  test('the caller is a key without a user', async () => {
    const key = await make();
    const attempt = updateKey(deps, callerOf(key), ACTOR, { key: key.keyId, fields: { maxBudgetNanoUsd: 1e9 } });
    await expect(attempt).rejects.toMatchObject({ code: 'not_admin' });
    expect(await stored(key)).toEqual(key);
  });

  test('there is no such key, and the refusal names no secret', async () => {
    const attempt = updateKey(deps, ADMIN, ACTOR, { key: 'sk-unknown-0123456789', fields: {} });
    await expect(attempt).rejects.toMatchObject({
      status: 404,
      type: 'not_found_error',
      param: 'key',
      message: expect.not.stringContaining('sk-unknown'),
    });
  });

  test('the alias is another key’s; one’s own may be repeated', async () => {
    await make({ alias: 'taken' });
    const key = await make({ alias: 'mine' });
    await expect(update(key, { alias: 'taken' })).rejects.toMatchObject({ status: 400, param: 'key_alias' });
    expect(await stored(key)).toEqual(key);
    await expect(update(key, { alias: 'mine' })).resolves.toBeDefined();
  });

  test('a value makes no sense', async () => {
    const key = await make();
    const before = await deps.totals();
    await expect(update(key, { maxBudgetNanoUsd: -1 })).rejects.toMatchObject({ status: 400, param: 'max_budget' });
    await expect(update(key, { aliases: { a: 'nowhere' } })).rejects.toMatchObject({ param: 'aliases' });
    expect(await deps.totals()).toEqual(before);
  });

  test('it lifts the key over a bound, also by clearing a limit', async () => {
    const key = await make();
    const upperBounds = { ...PLAIN_SETTINGS.upperBounds, rpmLimit: 10 };
    deps = { ...deps, settings: settingsWith({ upperBounds }) };
    await expect(update(key, { rpmLimit: 11 })).rejects.toMatchObject({ type: 'auth_error', param: 'rpm_limit' });
    await expect(update(key, { rpmLimit: null })).rejects.toMatchObject({ param: 'rpm_limit' });
    await expect(update(key, { rpmLimit: 10 })).resolves.toBeDefined();
  });
});
