import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sha256Hex } from '../../core/key-secret.ts';
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
import { deleteKeys } from './delete-keys.ts';
import { generateKey, type NewKey } from './generate-key.ts';
import { updateKey } from './update-key.ts';
import type { IssuedKey } from './view-key.ts';

const clock = { nowMs: START_MS };
let storage: OpenStorage;
let deps: TestKeyManagement;

beforeAll(async () => {
  storage = await openStorage({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
  await seedOwners(storage, { budgets: ['b-1'] });
});
beforeEach(() => {
  clock.nowMs = START_MS;
  deps = buildTestManagement(storage, clock);
});
afterAll(() => storage.close());

const generate = (over: Partial<NewKey> = {}) => generateKey(deps, ADMIN, ACTOR, newKey(over));
/** How many keys and audit rows `act` added, whether it threw or not. */
async function added(act: () => Promise<unknown>): Promise<{ keys: number; auditRows: number }> {
  const before = await deps.totals();
  await act();
  const after = await deps.totals();
  return { keys: after.keys - before.keys, auditRows: after.auditRows - before.auditRows };
}
const NOTHING = { keys: 0, auditRows: 0 };
const ONE = { keys: 1, auditRows: 1 };

describe('a new key', () => {
  test('opens with the secret that is shown, which is stored nowhere', async () => {
    const { key, secret } = await generate();
    expect(secret).toMatch(/^sk-lkv1[0-9A-Za-z]{28}$/);
    expect(key).toMatchObject({
      hash: sha256Hex(secret),
      mask: `sk-...${secret.slice(-4)}`,
      createdBy: 'default_user_id',
    });
    expect(key.keyId).toMatch(/^key_[A-Za-z0-9]{22}$/);
    expect(await storage.keys.findBySecretHash(sha256Hex(secret))).toMatchObject({ key: { keyId: key.keyId } });
    expect(JSON.stringify([key, await deps.auditOf(key.hash)])).not.toContain(secret);
  });

  test('leaves one audit row with the whole public record and who made it', async () => {
    const { key } = await generate({ fields: { alias: 'ci', metadata: { app: 'x' } } });
    expect(await deps.auditOf(key.hash)).toEqual([
      expect.objectContaining({
        ...ACTOR,
        action: 'created',
        tableName: 'LiteLLM_VerificationToken',
        objectId: key.hash,
        objectKeyId: key.keyId,
        objectName: 'ci',
        atMs: START_MS,
        before: null,
        after: expect.objectContaining({ key_alias: 'ci', key_id: key.keyId, token: key.hash, metadata: { app: 'x' } }),
      }),
    ]);
  });

  test('expires exactly its duration after it was made; -1 never', async () => {
    expect((await generate({ fields: { duration: '30s' } })).key.expiresAtMs).toBe(START_MS + 30_000);
    expect((await generate({ fields: { duration: '-1' } })).key.expiresAtMs).toBeNull();
    expect((await generate({ fields: { duration: '1mo' } })).key.expiresAtMs).toBe(Date.UTC(2026, 4, 1, 12));
  });

  test('starts with the spend that it is given, in its current window', async () => {
    const { key, spendNanoUsd, budgetResetAtMs } = await generate({
      fields: { spendNanoUsd: 7, budgetDuration: '1d' },
    });
    expect({ spendNanoUsd, budgetResetAtMs }).toEqual({ spendNanoUsd: 7, budgetResetAtMs: Date.UTC(2026, 3, 2) });
    expect(await deps.readSpend([key])).toEqual([7]);
  });

  test('gets a budget id with a soft budget, and keeps one that it brings', async () => {
    expect((await generate({ fields: { softBudgetNanoUsd: 5 } })).key.budgetId).toMatch(/^budget_/);
    expect((await generate({ fields: { softBudgetNanoUsd: 5, budgetId: 'b-1' } })).key.budgetId).toBe('b-1');
    expect((await generate()).key.budgetId).toBeNull();
  });

  test('has no mask where masks are switched off', async () => {
    deps = { ...deps, settings: settingsWith({ disableKeyName: true }) };
    expect((await generate()).key.mask).toBeNull();
  });

  test('takes tags and model limits into its metadata, beside what the request has there', async () => {
    const fields = {
      metadata: { app: 'x' },
      inMetadata: { tags: ['a'], model_rpm_limit: { 'gpt-4': 0 }, guardrails: null },
    };
    expect((await generate({ fields })).key.metadata).toEqual({
      app: 'x',
      tags: ['a'],
      model_rpm_limit: { 'gpt-4': 0 },
    });
  });

  test('follows the defaults and stays within the bounds of the configuration', async () => {
    deps = {
      ...deps,
      settings: settingsWith({
        defaults: { ...PLAIN_SETTINGS.defaults, rpmLimit: 5, metadata: { team: 'default' } },
        upperBounds: { ...PLAIN_SETTINGS.upperBounds, maxBudgetNanoUsd: 100, duration: '7d' },
      }),
    };
    const { key } = await generate();
    expect(key).toMatchObject({
      rpmLimit: 5,
      metadata: { team: 'default' },
      maxBudgetNanoUsd: 100,
      expiresAtMs: START_MS + 7 * 86_400_000,
    });
    await expect(generate({ fields: { maxBudgetNanoUsd: 101 } })).rejects.toMatchObject({
      code: 'management_refused',
      param: 'max_budget',
    });
  });
});

describe('a key is refused, and nothing is written, when', () => {
  const refused: [string, Partial<NewKey>, object][] = [
    ['the budget is negative', { fields: { maxBudgetNanoUsd: -1 } }, { param: 'max_budget' }],
    ['the budget is no number', { fields: { maxBudgetNanoUsd: Number.NaN } }, { param: 'max_budget' }],
    ['the budget is beyond exact money', { fields: { maxBudgetNanoUsd: 1e19 } }, { param: 'max_budget' }],
    ['the spend is infinite', { fields: { spendNanoUsd: Number.POSITIVE_INFINITY } }, { param: 'spend' }],
    ['a limit is negative', { fields: { rpmLimit: -1 } }, { param: 'rpm_limit' }],
    ['a limit is beyond exact integers', { fields: { tpmLimit: 1e300 } }, { param: 'tpm_limit' }],
    ['the duration has no known unit', { fields: { duration: '3y' } }, { message: /^Unsupported duration unit/ }],
    ['the duration is zero', { fields: { duration: '0d' } }, { message: /^Unsupported duration value/ }],
    ['the budget window is negative', { fields: { budgetDuration: '-1d' } }, { param: 'budget_duration' }],
    ['an alias points nowhere', { fields: { aliases: { mine: 'gpt-9' } } }, { param: 'aliases', message: /'gpt-9'/ }],
    ['the alias is too long', { fields: { alias: 'x'.repeat(257) } }, { param: 'key_alias' }],
    ['the alias reads as a hash', { fields: { alias: 'a'.repeat(64) } }, { param: 'key_alias' }],
    ['a name holds a NUL', { fields: { userId: 'a\u0000b' } }, { param: 'user_id' }],
    ['a tag is no text', { fields: { inMetadata: { tags: [1] } } }, { param: 'tags' }],
    [
      'metadata limits a model by text',
      { fields: { metadata: { model_rpm_limit: { m: 'x' } } } },
      { param: 'metadata' },
    ],
    [
      'a model budget is negative',
      { fields: { modelMaxBudget: { m: { maxBudgetNanoUsd: -1, budgetDuration: null } } } },
      { param: 'model_max_budget' },
    ],
    [
      'a budget limit has no window',
      { fields: { extra: { budget_limits: [{ max_budget: 1 }] } } },
      { param: 'budget_limits' },
    ],
    ['metadata is too deep', { fields: { metadata: nest(100) } }, { param: 'metadata' }],
    ['the body is too deep', { request: nest(10_000) }, { param: 'body' }],
    ['metadata is too large', { fields: { metadata: { a: 'x'.repeat(300_000) } } }, { param: 'metadata' }],
    ['the secret does not begin with sk-', { secret: 'pk-0123456789abcdef' }, { param: 'key' }],
    ['the secret is short', { secret: 'sk-short' }, { param: 'key' }],
    ['the secret holds a blank', { secret: 'sk-0123456789 abcdef' }, { param: 'key' }],
    ['mail is asked for', { sendInviteEmail: true }, { type: 'auth_error', message: /Email alerting not setup/ }],
  ];
  test.each(refused)('%s', async (_name, over, { message, ...error }: { message?: RegExp }) => {
    const act = async () => {
      const attempt = generate(over);
      await expect(attempt).rejects.toMatchObject({ status: 400, ...error });
      if (message !== undefined) await expect(attempt).rejects.toThrow(message);
    };
    expect(await added(act)).toEqual(NOTHING);
  });

  test('the caller is a key without a user', async () => {
    const { key } = await generate();
    const act = () =>
      expect(generateKey(deps, callerOf(key), ACTOR, newKey())).rejects.toMatchObject({
        code: 'not_admin',
        status: 401,
      });
    expect(await added(act)).toEqual(NOTHING);
  });

  test('the secret is the one that is calling: the master key', async () => {
    const secret = 'sk-master-of-the-tests';
    await expect(generate({ secret })).rejects.toMatchObject({ status: 400, param: 'key' });
  });

  test('the secret exists already', async () => {
    const secret = 'sk-chosen-before-0001';
    await generate({ secret });
    const act = () => expect(generate({ secret })).rejects.toMatchObject({ code: 'bad_request', param: 'key' });
    expect(await added(act)).toEqual(NOTHING);
  });

  test('the alias is taken; of fifty at once, one gets it', async () => {
    let results: PromiseSettledResult<unknown>[] = [];
    const act = async () => {
      results = await Promise.allSettled(Array.from({ length: 50 }, () => generate({ fields: { alias: 'one' } })));
    };
    expect(await added(act)).toEqual(ONE);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      expect(result.reason).toMatchObject({ status: 400, type: 'bad_request_error', param: 'key_alias' });
      expect(result.reason.message).toContain("Key with alias 'one' already exists.");
    }
  });
});

describe("the operator's hook", () => {
  const hooked = (hook: TestKeyManagement['customKeyGenerate']) =>
    generateKey({ ...deps, customKeyGenerate: hook }, ADMIN, ACTOR, newKey({ request: { key_alias: 'x' } }));

  test('sees the request and may refuse it in its own words', async () => {
    const seen: unknown[] = [];
    const attempt = hooked(async (request) => {
      seen.push(request);
      return { decision: false, message: 'not on Fridays' };
    });
    await expect(attempt).rejects.toMatchObject({ status: 403, type: 'auth_error', message: 'not on Fridays' });
    expect(seen).toEqual([{ key_alias: 'x' }]);
  });

  test('lets through what it does not refuse', async () => {
    await expect(hooked(async () => ({}))).resolves.toBeDefined();
    await expect(hooked(async () => ({ decision: true }))).resolves.toBeDefined();
  });

  test('lets nothing through when it fails, and its failure stays inside', async () => {
    const act = () => {
      const failing = hooked(async () => {
        throw new Error('password=hunter2');
      });
      return expect(failing).rejects.toMatchObject({ status: 403, message: expect.not.stringContaining('hunter2') });
    };
    expect(await added(act)).toEqual(NOTHING);
  });
});

describe('an idempotency-key', () => {
  let tests = 0;
  let header = '';
  beforeEach(() => {
    tests += 1;
    header = `retry-${tests}`;
  });
  const idempotency = (body = {}) => ({ header, route: '/key/generate', body });

  test('makes a repetition harmless: one key, the same secret', async () => {
    const issued: IssuedKey[] = [];
    const twice = async () => {
      issued.push(await generate({ idempotency: idempotency() }));
      issued.push(await generate({ idempotency: idempotency() }));
    };
    expect(await added(twice)).toEqual(ONE);
    expect(issued[1]).toEqual(issued[0]);
    header = 'another';
    expect((await generate({ idempotency: idempotency() })).secret).not.toBe(issued[0]?.secret);
  });

  test('works for many at once, with an alias and a chosen secret in the body', async () => {
    const over = { fields: { alias: 'many' }, secret: 'sk-chosen-before-0002', idempotency: idempotency() };
    let issued: IssuedKey[] = [];
    const act = async () => {
      issued = await Promise.all(Array.from({ length: 20 }, () => generate(over)));
    };
    expect(await added(act)).toEqual(ONE);
    expect(new Set(issued.map(({ key, secret }) => `${key.keyId} ${secret}`)).size).toBe(1);
  });

  test('is one caller’s own, and lasts a day', async () => {
    await generate({ idempotency: idempotency() });
    const other = { ...ADMIN, secretHash: sha256Hex('sk-another-administrator') };
    const byAnother = () => generateKey(deps, other, ACTOR, newKey({ idempotency: idempotency() }));
    expect(await added(byAnother)).toEqual(ONE);
    clock.nowMs += 24 * 60 * 60 * 1000;
    expect(await added(() => generate({ idempotency: idempotency() }))).toEqual(ONE);
  });

  test('with another body is a conflict', async () => {
    await generate({ idempotency: idempotency({ max_budget: 1 }) });
    await expect(generate({ idempotency: idempotency({ max_budget: 2 }) })).rejects.toMatchObject({
      status: 409,
      param: 'idempotency-key',
    });
  });

  test('whose key is gone says so instead of making another', async () => {
    const { key } = await generate({ idempotency: idempotency() });
    await deleteKeys(deps, ADMIN, ACTOR, { keys: [key.keyId], aliases: null });
    await expect(generate({ idempotency: idempotency() })).rejects.toMatchObject({ status: 409 });
  });

  test('may not be empty or endless', async () => {
    for (header of ['', 'x'.repeat(256)]) {
      await expect(generate({ idempotency: idempotency() })).rejects.toMatchObject({ status: 400 });
    }
  });

  test('shows the key as it is by then, with the secret of the first answer', async () => {
    const first = await generate({ idempotency: idempotency() });
    await updateKey(deps, ADMIN, ACTOR, { key: first.key.keyId, fields: { rpmLimit: 3 } });
    const again = await generate({ idempotency: idempotency() });
    expect(again).toMatchObject({ secret: first.secret, key: { rpmLimit: 3 } });
  });
});

function nest(levels: number): { [name: string]: never } {
  let value = {};
  for (let level = 0; level < levels; level += 1) value = { in: value };
  return value;
}
