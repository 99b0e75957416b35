import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenStorage, openStorage } from '../../storage/open-storage.ts';
import {
  ACTOR,
  ADMIN,
  buildTestManagement,
  callerOf,
  newKey,
  START_MS,
  type TestKeyManagement,
} from './__fixtures__/key-management.ts';
import { deleteKeys } from './delete-keys.ts';
import { generateKey } from './generate-key.ts';

const clock = { nowMs: START_MS };
let storage: OpenStorage;
let deps: TestKeyManagement;

beforeAll(async () => {
  storage = await openStorage({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
  deps = buildTestManagement(storage, clock);
});
afterAll(() => storage.close());

const make = (alias: string | null = null) => generateKey(deps, ADMIN, ACTOR, newKey({ fields: { alias } }));
const remove = (keys: string[] | null, aliases: string[] | null = null) =>
  deleteKeys(deps, ADMIN, ACTOR, { keys, aliases });

describe('deleting keys', () => {
  test('takes secrets, hashes, key_ids and aliases, and returns what was passed', async () => {
    const [a, b, c] = [await make(), await make(), await make()];
    const d = await make('d');
    const e = await make('e');
    expect(await remove([a.secret, b.key.hash, c.key.keyId, 'd'], ['e'])).toEqual([
      a.secret,
      b.key.hash,
      c.key.keyId,
      'd',
      'e',
    ]);
    for (const { key } of [a, b, c, d, e]) expect(await storage.keys.findBySecretHash(key.hash)).toBeUndefined();
  });

  test('keeps the rows for history, names who did it, and leaves one audit row each', async () => {
    const { key } = await make('gone');
    await remove([key.keyId]);
    const kept = await storage.keys.find({ kind: 'key_id', keyId: key.keyId }, { includeDeleted: true });
    expect(kept).toMatchObject({ alias: 'gone', deletedAtMs: START_MS, deletedBy: 'default_user_id' });
    const rows = (await deps.auditOf(key.hash)).filter(({ action }) => action === 'deleted');
    expect(rows).toEqual([
      expect.objectContaining({
        ...ACTOR,
        objectName: 'gone',
        before: expect.objectContaining({ key_alias: 'gone' }),
        after: null,
      }),
    ]);
  });

  test('frees the alias', async () => {
    await make('again');
    await remove(null, ['again']);
    await expect(make('again')).resolves.toBeDefined();
  });

  test('deletes a key once that is named twice', async () => {
    const { key, secret } = await make('twice');
    expect(await remove([secret, key.keyId, secret], ['twice'])).toHaveLength(4);
    expect((await deps.auditOf(key.hash)).filter(({ action }) => action === 'deleted')).toHaveLength(1);
  });

  test('is all or nothing: an unknown name, and no key is touched', async () => {
    const { key } = await make();
    const before = await deps.totals();
    const attempt = remove([key.keyId, 'sk-unknown-0123456789']);
    await expect(attempt).rejects.toMatchObject({ status: 404, type: 'not_found_error', param: 'keys' });
    await expect(attempt).rejects.toThrow(/No keys found/);
    await expect(attempt).rejects.not.toThrow(/sk-unknown/);
    expect(await deps.totals()).toEqual(before);
  });

  test.each([
    [10, /alias-9\. Nothing/],
    [11, /alias-9 and 1 more\. Nothing/],
    [5_000, /alias-9 and 4990 more\. Nothing/],
  ])('names ten unknown keys at most and says how many more there are: %i', async (count, expected) => {
    const unknown = Array.from({ length: count }, (_, index) => `alias-${index}`);
    await expect(remove(unknown)).rejects.toThrow(expected);
    await expect(remove(unknown)).rejects.not.toThrow(/alias-10/);
  });

  test('takes no more than a transaction can hold up the others for', async () => {
    const attempt = remove(Array(5_001).fill('x'));
    await expect(attempt).rejects.toMatchObject({ code: 'bad_request', param: 'keys' });
  });

  test('refuses an empty list', async () => {
    await expect(remove([])).rejects.toMatchObject({
      status: 400,
      type: 'auth_error',
      param: 'keys',
      message: 'No keys provided, passed in: keys=[]',
    });
  });

  test('refuses a caller that is a key without a user, even for itself', async () => {
    const { key } = await make();
    const attempt = deleteKeys(deps, callerOf(key), ACTOR, { keys: [key.keyId], aliases: null });
    await expect(attempt).rejects.toMatchObject({ code: 'not_admin' });
    expect(await storage.keys.findBySecretHash(key.hash)).toBeDefined();
  });
});
