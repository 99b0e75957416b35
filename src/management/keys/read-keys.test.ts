import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller } from '../../core/caller.ts';
import { buildUser } from '../../storage/__fixtures__/rows.ts';
import { type OpenStorage, openStorage } from '../../storage/open-storage.ts';
import {
  ACTOR,
  ADMIN,
  buildTestManagement,
  callerOf,
  newKey,
  START_MS,
  seedOwners,
  type TestKeyManagement,
} from './__fixtures__/key-management.ts';
import { checkKeyHealth } from './check-key-health.ts';
import { deleteKeys } from './delete-keys.ts';
import { generateKey } from './generate-key.ts';
import { getKeyInfo } from './get-key-info.ts';
import { getKeyInfos } from './get-key-infos.ts';
import type { KeyFields } from './key-fields.ts';
import type { KeyManagement } from './key-management.ts';
import { type KeyListing, listKeys } from './list-keys.ts';
import { regenerateKey } from './regenerate-key.ts';
import { updateKey } from './update-key.ts';

const clock = { nowMs: START_MS };
let storage: OpenStorage;
let deps: TestKeyManagement;

beforeAll(async () => {
  storage = await openStorage({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
  await seedOwners(storage, { teams: ['listed'] });
  deps = buildTestManagement(storage, clock);
});
afterAll(() => storage.close());

const make = (fields: KeyFields = {}) => generateKey(deps, ADMIN, ACTOR, newKey({ fields }));
const user = (userId: string): Caller => ({
  ...ADMIN,
  kind: 'key',
  role: 'internal_user',
  userId,
  secretHash: 'f'.repeat(64),
  path: { ...ADMIN.path, user: buildUser({ id: userId }) },
});

describe('the info of one key', () => {
  test('is found by secret, hash, key_id and alias, with its spend and window', async () => {
    const { key, secret } = await make({ alias: 'info', spendNanoUsd: 12, budgetDuration: '1d' });
    for (const text of [secret, key.hash, key.keyId, 'info']) {
      expect(await getKeyInfo(deps, ADMIN, text)).toEqual({
        key,
        spendNanoUsd: 12,
        budgetResetAtMs: Date.UTC(2026, 3, 2),
        budgetLimits: [],
        secrets: [{ hash: key.hash, mask: null, revokedAtMs: null, lastUsedAtMs: null, calls: 0 }],
        usage: { models: [], windows: [] },
        linkedBudget: null,
        status: 'active',
      });
    }
  });

  test('without a name is that of the calling key, whichever of its secrets called', async () => {
    const { key, secret } = await make();
    const rotation = {
      key: secret,
      newSecret: null,
      gracePeriod: '1h',
      wantsNewMasterKey: false,
      fields: {},
      idempotency: null,
    };
    await regenerateKey(deps, ADMIN, ACTOR, rotation);
    expect((await getKeyInfo(deps, callerOf(key), null)).key).toMatchObject({ keyId: key.keyId, rotationCount: 1 });
  });

  test('says of a key that it is blocked, expired or deleted, and shows a deleted one by hash and key_id', async () => {
    const { key, secret } = await make({ alias: 'gone', userId: 'u-gone', spendNanoUsd: 7 });
    const rotated = await regenerateKey(deps, ADMIN, ACTOR, {
      key: secret,
      newSecret: null,
      gracePeriod: null,
      wantsNewMasterKey: false,
      fields: { duration: '1h', blocked: true },
      idempotency: null,
    });
    expect(await getKeyInfo(deps, ADMIN, 'gone')).toMatchObject({ status: 'blocked' });
    await updateKey(deps, ADMIN, ACTOR, { key: 'gone', fields: { blocked: false } });
    clock.nowMs += 3_600_000;
    expect(await getKeyInfo(deps, ADMIN, 'gone')).toMatchObject({ status: 'expired' });
    clock.nowMs = START_MS;
    await expect(getKeyInfo(deps, ADMIN, secret)).rejects.toMatchObject({ status: 404 });
    await deleteKeys(deps, ADMIN, ACTOR, { keys: [key.keyId], aliases: [] });
    for (const text of [rotated.secret, rotated.key.hash, key.keyId]) {
      expect(await getKeyInfo(deps, ADMIN, text)).toMatchObject({ status: 'deleted', spendNanoUsd: 7, secrets: [] });
      expect(await getKeyInfo(deps, user('u-gone'), text)).toMatchObject({ status: 'deleted' });
      await expect(getKeyInfo(deps, user('u-1'), text)).rejects.toMatchObject({ status: 403 });
    }
    await expect(getKeyInfo(deps, ADMIN, 'gone')).rejects.toMatchObject({ status: 404 });
  });

  test('shows a key to itself and to its user, and to nobody else; unknown and not yours look the same', async () => {
    const { key } = await make({ userId: 'u-1' });
    const { key: other } = await make();
    expect((await getKeyInfo(deps, user('u-1'), key.hash)).key.keyId).toBe(key.keyId);
    for (const [caller, text] of [
      [callerOf(other), key.hash],
      [callerOf(other), 'no-such-key'],
      [user('u-2'), key.keyId],
    ] as const) {
      await expect(getKeyInfo(deps, caller, text)).rejects.toMatchObject({
        status: 403,
        message: expect.stringContaining("user not allowed to access this key's info"),
      });
    }
    await expect(getKeyInfo(deps, ADMIN, 'no-such-key')).rejects.toMatchObject({ status: 404, param: 'key' });
  });
});

describe('the infos of several keys', () => {
  test('leave out what is unknown or not the caller’s, and show a key once', async () => {
    const a = await make({ alias: 'a' });
    const b = await make();
    const names = { keys: [a.secret, 'no-such-key', b.key.hash, a.key.keyId], aliases: ['a'] };
    const shown = async (caller: Caller) => (await getKeyInfos(deps, caller, names)).map(({ key }) => key.keyId);
    expect(await shown(ADMIN)).toEqual([a.key.keyId, b.key.keyId]);
    expect(await shown(callerOf(b.key))).toEqual([b.key.keyId]);
    expect(await getKeyInfos(deps, ADMIN, { keys: ['no-such-key'], aliases: [] })).toEqual([]);
  });

  test('are not given for more than a thousand names', async () => {
    const keys = Array.from({ length: 1_001 }, (_, index) => `name-${index}`);
    await expect(getKeyInfos(deps, ADMIN, { keys, aliases: [] })).rejects.toMatchObject({ status: 400, param: 'keys' });
  });
});

describe('the list of keys', () => {
  const HASHES = { teamKeys: false, createdKeys: false, rows: false, users: false, substrings: false, userEmail: null };
  const listing = (over: Partial<KeyListing>): KeyListing => ({
    page: 1,
    size: 10,
    sortBy: 'created_at',
    sortOrder: 'desc',
    ...over,
  });

  test('reads spend only when rows are asked for', async () => {
    const { key } = await make({ teamId: 'listed', spendNanoUsd: 3 });
    const silent = { ...deps, readSpend: () => Promise.reject(new Error('not to be read')) };
    expect(await listKeys(silent, ADMIN, listing({ teamId: 'listed' }), HASHES)).toEqual({
      keys: [key],
      views: null,
      users: null,
      isTotalExact: true,
      total: 1,
    });
    const page = await listKeys(deps, ADMIN, listing({ teamId: 'listed' }), { ...HASHES, rows: true });
    expect(page.views).toMatchObject([{ key, spendNanoUsd: 3 }]);
  });

  test('finds the keys of an address, and of one that is nobody’s none, parts or not', async () => {
    await storage.transact(async (unit) => unit.users.insert(buildUser({ id: 'posted', email: 'posted@example.com' })));
    const { key } = await make({ userId: 'posted' });
    const found = async (userEmail: string, caller: Caller = ADMIN) =>
      (await listKeys(deps, caller, listing({}), { ...HASHES, substrings: true, userEmail })).keys.map(
        ({ keyId }) => keyId,
      );
    expect(await found('Posted@Example.com')).toEqual([key.keyId]);
    expect(await found('nobody@example.com')).toEqual([]);
    for (const email of ['posted@example.com', 'nobody@example.com']) {
      await expect(found(email, user('u-other'))).rejects.toMatchObject({
        status: 403,
        message: "You are not authorized to check another user's keys.",
      });
    }
  });

  test('holds a user to the keys of that user', async () => {
    const { key } = await make({ userId: 'lister' });
    await make({ userId: 'somebody' });
    const idsFor = async (caller: Caller, over: Partial<KeyListing>) =>
      (await listKeys(deps, caller, listing(over), HASHES)).keys.map(({ keyId }) => keyId);
    expect(await idsFor(user('lister'), {})).toEqual([key.keyId]);
    await expect(idsFor(user('lister'), { userId: 'somebody' })).rejects.toMatchObject({ status: 403 });
  });

  test('is not for a key without a user', async () => {
    const { key } = await make();
    await expect(listKeys(deps, callerOf(key), listing({}), HASHES)).rejects.toMatchObject({ code: 'not_admin' });
  });
});

describe('the health of a key', () => {
  const probed: string[] = [];
  const probeDestination: KeyManagement['probeDestination'] = async ({ type, vars }) => {
    probed.push(type);
    const error = vars.broken ?? null;
    return { ok: error === null, error, tookMs: 7 };
  };
  const health = async (metadata: KeyFields['metadata'] & object) =>
    checkKeyHealth({ probeDestination }, callerOf((await make({ metadata })).key));

  test('is good when it sends its calls nowhere', async () => {
    expect(await health({})).toEqual({ healthy: true, logging: null });
    expect(await checkKeyHealth({ probeDestination }, ADMIN)).toEqual({ healthy: true, logging: null });
    expect(probed).toEqual([]);
  });

  test('is told of each destination by itself', async () => {
    const logging = [
      { callback_name: 'gcs_bucket', callback_vars: { broken: 'the bucket is gone' } },
      { callback_name: 'langfuse', callback_type: 'failure' },
    ];
    expect(await health({ logging })).toEqual({
      healthy: false,
      logging: {
        destinations: [
          { name: 'gcs_bucket', ok: false, error: 'the bucket is gone', tookMs: 7 },
          { name: 'langfuse', ok: true, error: null, tookMs: 7 },
        ],
      },
    });
    expect(await health({ logging: logging.slice(1) })).toMatchObject({ healthy: true });
  });

  test('is a bad request when an entry has no name', async () => {
    await expect(health({ logging: [{}] })).rejects.toMatchObject({
      status: 400,
      message: 'Key health check failed: callback_name is required in key_logging',
    });
  });
});
