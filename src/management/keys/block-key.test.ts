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
import { blockKey } from './block-key.ts';
import { generateKey } from './generate-key.ts';
import { unblockKey } from './unblock-key.ts';

const clock = { nowMs: START_MS };
let storage: OpenStorage;
let deps: TestKeyManagement;

beforeAll(async () => {
  storage = await openStorage({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
  deps = buildTestManagement(storage, clock);
});
afterAll(() => storage.close());

describe.each([
  { verb: blockKey, action: 'blocked', blocked: true },
  { verb: unblockKey, action: 'unblocked', blocked: false },
])('$verb.name', ({ verb, action, blocked }) => {
  test('sets it, by every address, and says so in the audit log', async () => {
    const { key, secret } = await generateKey(deps, ADMIN, ACTOR, newKey({ fields: { alias: action } }));
    for (const text of [secret, key.hash, key.keyId, action]) {
      expect((await verb(deps, ADMIN, ACTOR, text)).key).toMatchObject({ keyId: key.keyId, blocked });
    }
    const rows = (await deps.auditOf(key.hash)).filter((row) => row.action === action);
    expect(rows).toHaveLength(4);
    expect(rows).toContainEqual(expect.objectContaining({ ...ACTOR, before: { blocked: null }, after: { blocked } }));
  });

  test('refuses an unknown key and a caller without the right', async () => {
    await expect(verb(deps, ADMIN, ACTOR, 'nobody')).rejects.toMatchObject({ status: 404, param: 'key' });
    const { key } = await generateKey(deps, ADMIN, ACTOR, newKey());
    await expect(verb(deps, callerOf(key), ACTOR, key.keyId)).rejects.toMatchObject({ code: 'not_admin' });
    expect((await storage.keys.find({ kind: 'key_id', keyId: key.keyId }))?.blocked).toBeNull();
  });
});
