import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sha256Hex } from '../../core/key-secret.ts';
import { type OpenStorage, openStorage } from '../../storage/open-storage.ts';
import {
  ACTOR,
  ADMIN,
  buildTestManagement,
  callerOf,
  newKey,
  START_MS,
  settingsWith,
  type TestKeyManagement,
} from './__fixtures__/key-management.ts';
import { generateKey } from './generate-key.ts';
import type { KeyFields } from './key-fields.ts';
import { type KeyRotation, regenerateKey } from './regenerate-key.ts';
import type { IssuedKey } from './view-key.ts';

const clock = { nowMs: START_MS };
let storage: OpenStorage;
let deps: TestKeyManagement;

beforeAll(async () => {
  storage = await openStorage({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
});
beforeEach(() => {
  clock.nowMs = START_MS;
  deps = buildTestManagement(storage, clock);
});
afterAll(() => storage.close());

const make = (fields: KeyFields = {}) => generateKey(deps, ADMIN, ACTOR, newKey({ fields }));
const rotate = (key: string | null, over: Partial<KeyRotation> = {}) =>
  regenerateKey(deps, ADMIN, ACTOR, {
    key,
    newSecret: null,
    gracePeriod: null,
    wantsNewMasterKey: false,
    fields: {},
    idempotency: null,
    ...over,
  });
const opens = async (secret: string) => (await storage.keys.findBySecretHash(sha256Hex(secret)))?.key.keyId;

describe('a rotation', () => {
  test('changes the secret and nothing that hangs on the key', async () => {
    const old = await make({ alias: 'kept', duration: '30d', budgetDuration: '1d', spendNanoUsd: 9, rpmLimit: 3 });
    clock.nowMs += 5_000;
    const next = await rotate(old.secret);
    expect(next.secret).not.toBe(old.secret);
    expect(next.key).toEqual({
      ...old.key,
      hash: sha256Hex(next.secret),
      mask: `sk-...${next.secret.slice(-4)}`,
      rotationCount: 1,
      lastRotationAtMs: START_MS + 5_000,
      updatedAtMs: START_MS + 5_000,
    });
    expect(next).toMatchObject({ spendNanoUsd: 9, budgetResetAtMs: old.budgetResetAtMs });
  });

  test('kills the old secret at once', async () => {
    const old = await make();
    const next = await rotate(old.key.hash);
    expect(await opens(old.secret)).toBeUndefined();
    expect(await opens(next.secret)).toBe(old.key.keyId);
  });

  test('with a grace period lets the old secret live until it ends, to the millisecond', async () => {
    const old = await make();
    const next = await rotate(old.key.keyId, { gracePeriod: '60s' });
    clock.nowMs += 59_999;
    expect(await opens(old.secret)).toBe(old.key.keyId);
    clock.nowMs += 1;
    expect(await opens(old.secret)).toBeUndefined();
    expect(await opens(next.secret)).toBe(old.key.keyId);
  });

  test('follows the installation’s grace period unless the request says 0', async () => {
    deps = { ...deps, settings: settingsWith({ rotationGracePeriod: '1h' }) };
    const first = await make();
    await rotate(first.secret);
    expect(await opens(first.secret)).toBe(first.key.keyId);
    const second = await make();
    await rotate(second.secret, { gracePeriod: '0s' });
    expect(await opens(second.secret)).toBeUndefined();
  });

  test('takes a secret that the client chose', async () => {
    const old = await make();
    expect((await rotate(old.secret, { newSecret: 'sk-chosen-for-rotation' })).secret).toBe('sk-chosen-for-rotation');
    expect(await opens('sk-chosen-for-rotation')).toBe(old.key.keyId);
  });

  test('makes other changes along the way, as an update would', async () => {
    const old = await make({ rpmLimit: 3, tpmLimit: 4, duration: '1d' });
    const { key } = await rotate(old.secret, { fields: { rpmLimit: null, tpmLimit: 0, duration: '2d' } });
    expect(key).toMatchObject({ rpmLimit: null, tpmLimit: 0, expiresAtMs: START_MS + 2 * 86_400_000 });
  });

  test('leaves one audit row, under the hash that the key had, with no secret in it', async () => {
    const old = await make();
    const next = await rotate(old.secret);
    const [row] = (await deps.auditOf(old.key.hash)).filter(({ action }) => action === 'rotated');
    expect(row).toMatchObject({ ...ACTOR, before: { token: old.key.hash }, after: { token: next.key.hash } });
    expect(JSON.stringify(row)).not.toContain(next.secret);
    // Whoever asks for the key by its present hash finds what happened under the old one.
    expect((await deps.auditOf(next.key.hash)).map(({ action }) => action)).toEqual(['rotated', 'created']);
  });
});

describe('a rotation is refused when', () => {
  const refusedWith = async (attempt: Promise<unknown>, error: object) => {
    await expect(attempt).rejects.toMatchObject(error);
  };

  test('the caller is the key itself', async () => {
    const { key, secret } = await make();
    const rotation = {
      key: secret,
      newSecret: null,
      gracePeriod: null,
      wantsNewMasterKey: false,
      fields: {},
      idempotency: null,
    };
    await refusedWith(regenerateKey(deps, callerOf(key), ACTOR, rotation), { code: 'not_admin' });
    expect(await opens(secret)).toBe(key.keyId);
  });

  test('it names no key, an unknown one, or the master key', async () => {
    await refusedWith(rotate(null), { status: 400, param: 'key', message: 'No key passed in.' });
    await refusedWith(rotate('sk-unknown-0123456789'), { status: 404, param: 'key' });
    await refusedWith(rotate(null, { wantsNewMasterKey: true }), { status: 400, param: 'new_master_key' });
  });

  test('the new secret, the grace period or a field makes no sense, and the key keeps its secret', async () => {
    const taken = await make();
    const { key, secret } = await make();
    await refusedWith(rotate(secret, { newSecret: 'sk-short' }), { status: 400, param: 'new_key' });
    await refusedWith(rotate(secret, { newSecret: taken.secret }), { status: 400, param: 'new_key' });
    await refusedWith(rotate(secret, { newSecret: secret }), { status: 400, param: 'new_key' });
    await refusedWith(rotate(secret, { gracePeriod: 'soon' }), { status: 400, param: 'grace_period' });
    await refusedWith(rotate(secret, { fields: { rpmLimit: -1 } }), { status: 400, param: 'rpm_limit' });
    expect(await opens(secret)).toBe(key.keyId);
    expect(await storage.keys.find({ kind: 'key_id', keyId: key.keyId })).toEqual(key);
  });
});

describe('a rotation with an idempotency-key', () => {
  const idempotency = (header: string, body = {}) => ({ header, route: '/key/regenerate', body });

  test('happens once, though the repetition names the key by its dead secret', async () => {
    const old = await make();
    const over = { idempotency: idempotency('once') };
    const first = await rotate(old.secret, over);
    const second = await rotate(old.secret, over);
    expect(second).toEqual(first);
    expect(second.key.rotationCount).toBe(1);
  });

  test('happens once for many at once', async () => {
    for (const name of ['secret', 'key_id'] as const) {
      const old = await make();
      const text = name === 'secret' ? old.secret : old.key.keyId;
      const over = { idempotency: idempotency(`many by ${name}`) };
      const issued: IssuedKey[] = await Promise.all(Array.from({ length: 20 }, () => rotate(text, over)));
      expect(new Set(issued.map(({ secret }) => secret)).size, name).toBe(1);
      expect(issued[0]?.key.rotationCount, name).toBe(1);
    }
  });

  test('is a conflict after another rotation, or with another body', async () => {
    const old = await make();
    await rotate(old.key.keyId, { idempotency: idempotency('late') });
    await rotate(old.key.keyId);
    await expect(rotate(old.key.keyId, { idempotency: idempotency('late') })).rejects.toMatchObject({ status: 409 });
    await expect(rotate(old.key.keyId, { idempotency: idempotency('late', { a: 1 }) })).rejects.toMatchObject({
      status: 409,
      param: 'idempotency-key',
    });
  });
});
