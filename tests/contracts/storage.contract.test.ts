// What every key operation promises, the same on both databases.

import { expect, test } from 'vitest';
import type { ChangeEvent } from '../../src/core/change-event.ts';
import { counterId } from '../../src/core/counter-id.ts';
import type { KeyRecord } from '../../src/core/key.ts';
import {
  buildAdjustment,
  buildAudit,
  buildKey,
  buildNewKey,
  buildNote,
  NOW_MS,
  nextName,
} from '../../src/storage/__fixtures__/rows.ts';
import type { KeyChange } from '../../src/storage/storage.ts';
import { type Bench, onBothDatabases } from './storage-on-both.ts';

const byId = (key: KeyRecord) => ({ kind: 'key_id', keyId: key.keyId }) as const;
const byHash = (hash: string) => ({ kind: 'hash', hash }) as const;
const byAlias = (alias: string) => ({ kind: 'alias', alias }) as const;
const lifetime = (key: KeyRecord) => counterId({ kind: 'key', id: key.keyId }, 'spend');

async function insertKey(bench: Bench, fields: Partial<KeyRecord> = {}): Promise<KeyRecord> {
  const rows = buildNewKey(fields);
  expect(await bench.storage.keys.insert(rows)).toEqual({ kind: 'inserted' });
  return rows.key;
}

/** A change of some fields; a new hash ends the old secret at `revokedAtMs`. */
function revise(fields: Partial<KeyRecord>, rest: Partial<KeyChange> = {}): (current: KeyRecord) => KeyChange {
  return (current) => ({
    next: { ...current, ...fields },
    audit: buildAudit({ objectId: current.keyId, action: 'updated' }),
    ...rest,
  });
}

function record(bench: Bench): ChangeEvent[] {
  const events: ChangeEvent[] = [];
  bench.storage.changes.subscribe((event) => events.push(event));
  return events;
}

async function tableSizes(bench: Bench): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const table of [
    'keys',
    'key_secrets',
    'key_groups',
    'key_tags',
    'balances',
    'balance_adjustments',
    'audit_log',
    'changes',
    'idempotency',
  ] as const) {
    const query = bench.storage.writes.selectFrom(table).select((eb) => eb.fn.countAll<number>().as('size'));
    sizes[table] = (await query.executeTakeFirstOrThrow()).size;
  }
  return sizes;
}

onBothDatabases('keys', (bench) => {
  test('every field of a key comes back as it was stored', async () => {
    const full = buildKey({
      alias: nextName('Ünïcode "alias" %_\\'),
      userId: 'user-1',
      teamId: 'team-1',
      organizationId: 'org-1',
      budgetId: 'budget-1',
      models: ['gpt-4o', 'claude-*'],
      aliases: { small: 'gpt-4o-mini' },
      maxBudgetNanoUsd: 9_007_199_254_740_991,
      softBudgetNanoUsd: 0,
      budgetDuration: '30d',
      budgetMode: 'hard',
      modelMaxBudget: { 'gpt-4o': { maxBudgetNanoUsd: 5_000_000_000, budgetDuration: null } },
      rpmLimit: 0,
      tpmLimit: 3_000_000_000,
      maxParallelRequests: 2,
      metadata: { tags: ['a', 'b', 'a'], deep: { list: [1, 2.5, null, true, 'x'] } },
      permissions: { allow: true },
      config: { a: 1 },
      allowedCacheControls: ['no-cache'],
      allowedRoutes: ['/chat/completions'],
      blocked: false,
      expiresAtMs: NOW_MS + 1,
      lastActiveAtMs: NOW_MS,
      rotationCount: 3,
      lastRotationAtMs: NOW_MS - 1,
      autoRotate: true,
      rotationInterval: '7d',
      extra: { router_settings: { a: [] } },
    });
    await bench.storage.keys.insert({ ...buildNewKey(), key: full });
    expect(await bench.storage.keys.find(byId(full))).toEqual(full);
    const empty = await insertKey(bench);
    expect(await bench.storage.keys.find(byHash(empty.hash))).toEqual(empty);
  });

  test('a key is found by key_id, hash and alias, and nothing else is', async () => {
    const key = await insertKey(bench, { alias: nextName('alias') });
    for (const address of [byId(key), byHash(key.hash), byAlias(key.alias ?? '')]) {
      expect(await bench.storage.keys.find(address)).toEqual(key);
    }
    for (const address of [
      byHash('0'.repeat(64)),
      byAlias('nobody'),
      byAlias(''),
      { kind: 'key_id', keyId: 'key_0' } as const,
    ]) {
      expect(await bench.storage.keys.find(address)).toBeUndefined();
    }
  });

  test('findMany answers in the order asked, undefined where there is none, twice where asked twice', async () => {
    const a = await insertKey(bench, { alias: nextName('alias') });
    const b = await insertKey(bench);
    const found = await bench.storage.keys.findMany([
      byId(b),
      byAlias('nobody'),
      byAlias(a.alias ?? ''),
      byHash(b.hash),
      byId(a),
    ]);
    expect(found).toEqual([b, undefined, a, b, a]);
    expect(await bench.storage.keys.findMany([])).toEqual([]);
  });

  test('a conflict names its field and leaves nothing behind', async () => {
    const key = await insertKey(bench, { alias: nextName('alias') });
    const note = buildNote();
    await bench.storage.keys.insert(buildNewKey({}, { idempotency: note }));
    const before = await tableSizes(bench);
    const withAll = (fields: Partial<KeyRecord>) => {
      const rows = buildNewKey({ metadata: { tags: ['t'] }, ...fields });
      return { ...rows, adjustments: [buildAdjustment(lifetime(rows.key), 5)], idempotency: buildNote() };
    };
    const { keys } = bench.storage;
    expect(await keys.insert(withAll({ alias: key.alias }))).toEqual({ kind: 'conflict', field: 'key_alias' });
    expect(await keys.insert(withAll({ hash: key.hash }))).toEqual({ kind: 'conflict', field: 'key' });
    expect(await keys.insert({ ...withAll({}), idempotency: note })).toEqual({
      kind: 'conflict',
      field: 'idempotency_key',
    });
    expect(await tableSizes(bench)).toEqual(before);
  });

  test('a failing audit row takes the key, its secret, balance and events with it', async () => {
    const audit = buildAudit();
    await bench.storage.audit.append(audit);
    const before = await tableSizes(bench);
    const events = record(bench);
    const rows = buildNewKey({}, { audit });
    await expect(bench.storage.keys.insert(rows)).rejects.toThrow();
    expect(await tableSizes(bench)).toEqual(before);
    expect(events).toEqual([]);
    expect(await bench.storage.keys.find(byId(rows.key))).toBeUndefined();
  });

  test('of 50 keys with one alias at once, one is inserted and 49 conflict', async () => {
    const alias = nextName('wanted');
    const results = await Promise.all(
      Array.from({ length: 50 }, () => bench.storage.keys.insert(buildNewKey({ alias }))),
    );
    expect(results.filter((result) => result.kind === 'inserted')).toHaveLength(1);
    expect(results.filter((result) => result.kind === 'conflict' && result.field === 'key_alias')).toHaveLength(49);
  });

  test('50 different keys at once are all inserted', async () => {
    const results = await Promise.all(Array.from({ length: 50 }, () => bench.storage.keys.insert(buildNewKey())));
    expect(results.every((result) => result.kind === 'inserted')).toBe(true);
  });

  test('an idempotency note is found until it expires, and then gives way to a new one', async () => {
    const note = buildNote({ expiresAtMs: NOW_MS + 1_000 });
    await bench.storage.keys.insert(buildNewKey({}, { idempotency: note }));
    expect(await bench.storage.keys.findIdempotency(note.id, NOW_MS + 999)).toEqual(note);
    expect(await bench.storage.keys.findIdempotency(note.id, NOW_MS + 1_000)).toBeUndefined();
    bench.nowMs = NOW_MS + 1_000;
    const later = { ...note, nonce: 'other', expiresAtMs: NOW_MS + 9_000 };
    expect(await bench.storage.keys.insert(buildNewKey({}, { idempotency: later }))).toEqual({ kind: 'inserted' });
    expect(await bench.storage.keys.findIdempotency(note.id, NOW_MS + 1_000)).toEqual(later);
    bench.nowMs = NOW_MS;
  });

  test('a change writes the row, adjusts the balance and tells before and after', async () => {
    const key = await insertKey(bench, { alias: nextName('alias'), metadata: { tags: ['old'] } });
    const fields = { alias: nextName('alias'), metadata: { tags: ['new'] }, blocked: true };
    const adjustments = [buildAdjustment(lifetime(key), 700), buildAdjustment(lifetime(key), -200)];
    const result = await bench.storage.keys.change(byId(key), revise(fields, { adjustments }));
    expect(result).toEqual({ kind: 'changed', before: key, after: { ...key, ...fields } });
    expect(await bench.storage.keys.find(byId(key))).toEqual({ ...key, ...fields });
    expect(await bench.storage.spend.balances([lifetime(key), 'nobody'])).toEqual(new Map([[lifetime(key), 500]]));
    const { rows } = await bench.storage.audit.list({ objectId: key.keyId, page: 1, pageSize: 10 });
    expect(rows.map((row) => row.action).sort()).toEqual(['created', 'updated']);
  });

  test('a throw while deciding passes through and changes nothing', async () => {
    const key = await insertKey(bench);
    const before = await tableSizes(bench);
    const refuse = () => {
      throw new RangeError('refused');
    };
    await expect(bench.storage.keys.change(byId(key), refuse)).rejects.toThrow(RangeError);
    expect(await tableSizes(bench)).toEqual(before);
  });

  test('a change of a key that is not there, or to an alias that is taken, is a value', async () => {
    const taken = await insertKey(bench, { alias: nextName('alias') });
    const key = await insertKey(bench);
    expect(await bench.storage.keys.change(byAlias('nobody'), revise({}))).toEqual({ kind: 'not_found' });
    const result = await bench.storage.keys.change(byId(key), revise({ alias: taken.alias }));
    expect(result).toEqual({ kind: 'conflict', field: 'key_alias' });
    expect(await bench.storage.keys.find(byId(key))).toEqual(key);
  });

  test('no change is lost when 30 come at once', async () => {
    const key = await insertKey(bench);
    const count = (current: KeyRecord) => revise({ rotationCount: current.rotationCount + 1 })(current);
    await Promise.all(Array.from({ length: 30 }, () => bench.storage.keys.change(byId(key), count)));
    expect((await bench.storage.keys.find(byId(key)))?.rotationCount).toBe(30);
  });

  test('a rotation ends the old secret at its moment, and its hash is never free again', async () => {
    const key = await insertKey(bench);
    const next = buildKey();
    await bench.storage.keys.change(
      byHash(key.hash),
      revise({ hash: next.hash }, { oldSecretRevokedAtMs: NOW_MS + 500 }),
    );
    const inGrace = await bench.storage.keys.findBySecretHash(key.hash);
    expect(inGrace?.secret).toEqual({
      hash: key.hash,
      keyId: key.keyId,
      createdAtMs: key.createdAtMs,
      revokedAtMs: NOW_MS + 500,
    });
    expect(inGrace?.key.hash).toBe(next.hash);
    expect((await bench.storage.keys.findBySecretHash(next.hash))?.secret.revokedAtMs).toBeNull();
    expect((await bench.storage.keys.find(byHash(key.hash)))?.keyId).toBe(key.keyId);
    bench.nowMs = NOW_MS + 500;
    expect(await bench.storage.keys.findBySecretHash(key.hash)).toBeUndefined();
    expect(await bench.storage.keys.find(byHash(key.hash))).toBeUndefined();
    expect((await bench.storage.keys.find(byHash(key.hash), { includeDeleted: true }))?.keyId).toBe(key.keyId);
    bench.nowMs = NOW_MS;
    expect(await bench.storage.keys.insert(buildNewKey({ hash: key.hash }))).toEqual({
      kind: 'conflict',
      field: 'key',
    });
  });

  test('a second rotation ends the secret that was still in grace', async () => {
    const key = await insertKey(bench);
    const [second, third] = [buildKey(), buildKey()];
    const inGrace = { oldSecretRevokedAtMs: NOW_MS + 60_000 };
    await bench.storage.keys.change(byId(key), revise({ hash: second.hash }, inGrace));
    await bench.storage.keys.change(byId(key), revise({ hash: third.hash }, inGrace));
    expect(await bench.storage.keys.findBySecretHash(key.hash)).toBeUndefined();
    expect(await bench.storage.keys.findBySecretHash(second.hash)).toBeDefined();
    expect(await bench.storage.keys.findBySecretHash(third.hash)).toBeDefined();
  });

  test('of two rotations of one secret at once, one finds the secret gone', async () => {
    const key = await insertKey(bench);
    const rotate = () =>
      bench.storage.keys.change(byHash(key.hash), revise({ hash: buildKey().hash }, { oldSecretRevokedAtMs: NOW_MS }));
    const kinds = (await Promise.all([rotate(), rotate()])).map((result) => result.kind);
    expect(kinds.sort()).toEqual(['changed', 'not_found']);
  });

  test('a deleted key is gone for everybody but history, and its alias is free', async () => {
    const key = await insertKey(bench, { alias: nextName('alias') });
    const other = await insertKey(bench);
    const removed = { atMs: NOW_MS + 5, by: 'somebody' };
    const result = await bench.storage.keys.remove(
      [byAlias(key.alias ?? ''), byId(other), byId(key)],
      removed,
      (current) => buildAudit({ objectId: current.keyId, action: 'deleted' }),
    );
    const gone = { ...key, deletedAtMs: NOW_MS + 5, deletedBy: 'somebody' };
    expect(result.kind === 'removed' && result.keys.map((each) => each.keyId)).toEqual([key.keyId, other.keyId]);
    for (const address of [byId(key), byHash(key.hash), byAlias(key.alias ?? '')]) {
      expect(await bench.storage.keys.find(address)).toBeUndefined();
    }
    expect(await bench.storage.keys.findBySecretHash(key.hash)).toBeUndefined();
    expect(await bench.storage.keys.find(byId(key), { includeDeleted: true })).toEqual(gone);
    expect(await bench.storage.keys.find(byHash(key.hash), { includeDeleted: true })).toEqual(gone);
    expect(await bench.storage.keys.find(byAlias(key.alias ?? ''), { includeDeleted: true })).toBeUndefined();
    expect(await bench.storage.keys.change(byId(key), revise({}))).toEqual({ kind: 'not_found' });
    expect(await bench.storage.keys.insert(buildNewKey({ alias: key.alias }))).toEqual({ kind: 'inserted' });
    expect(await bench.storage.keys.insert(buildNewKey({ hash: key.hash }))).toEqual({
      kind: 'conflict',
      field: 'key',
    });
  });

  test('remove deletes all or none, and says which are missing', async () => {
    const key = await insertKey(bench);
    const removed = { atMs: NOW_MS, by: 'x' };
    const result = await bench.storage.keys.remove([byAlias('nobody'), byId(key), byAlias('no one')], removed, () =>
      buildAudit(),
    );
    expect(result).toEqual({ kind: 'not_found', missing: [0, 2] });
    const refuse = () => {
      throw new RangeError('not yours');
    };
    await expect(bench.storage.keys.remove([byId(key)], removed, refuse)).rejects.toThrow(RangeError);
    expect(await bench.storage.keys.find(byId(key))).toEqual(key);
  });

  test('last active moves forward only', async () => {
    const a = await insertKey(bench, { lastActiveAtMs: NOW_MS });
    const b = await insertKey(bench);
    await bench.storage.keys.touch(
      new Map([
        [a.keyId, NOW_MS - 1],
        [b.keyId, NOW_MS + 7],
        ['key_gone', NOW_MS],
      ]),
    );
    expect((await bench.storage.keys.find(byId(a)))?.lastActiveAtMs).toBe(NOW_MS);
    expect((await bench.storage.keys.find(byId(b)))?.lastActiveAtMs).toBe(NOW_MS + 7);
    await bench.storage.keys.touch(new Map());
  });

  test('the calls of a secret add up, its last use moves forward only', async () => {
    const key = await insertKey(bench);
    await bench.storage.keys.addSecretUses(new Map([[key.hash, { atMs: NOW_MS, calls: 2 }]]));
    await bench.storage.keys.addSecretUses(
      new Map([
        [key.hash, { atMs: NOW_MS - 5, calls: 3 }],
        ['gone', { atMs: NOW_MS, calls: 1 }],
      ]),
    );
    expect(await bench.storage.keys.workingSecrets(key.keyId)).toEqual([
      { hash: key.hash, mask: null, revokedAtMs: null, lastUsedAtMs: NOW_MS, calls: 5 },
    ]);
  });

  test('events name the key, all its secrets, and those that still work', async () => {
    const events = record(bench);
    const key = await insertKey(bench, { expiresAtMs: NOW_MS + 900 });
    const next = buildKey();
    await bench.storage.keys.change(
      byId(key),
      revise(
        { hash: next.hash },
        { oldSecretRevokedAtMs: NOW_MS + 500, adjustments: [buildAdjustment(lifetime(key), 3)] },
      ),
    );
    await bench.storage.keys.change(byId(key), revise({ blocked: true }));
    const hashes = expect.arrayContaining([key.hash, next.hash]);
    expect(events).toMatchObject([
      { kind: 'key', keyId: key.keyId, hashes: [key.hash], working: [{ hash: key.hash, untilMs: NOW_MS + 900 }] },
      { kind: 'balance', counter: lifetime(key), deltaNanoUsd: 3 },
      {
        kind: 'key',
        keyId: key.keyId,
        hashes,
        working: expect.arrayContaining([
          { hash: key.hash, untilMs: NOW_MS + 500 },
          { hash: next.hash, untilMs: NOW_MS + 900 },
        ]),
      },
      { kind: 'key', keyId: key.keyId, hashes, working: [] },
    ]);
    const seqs = events.map((event) => event.seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  });
});
