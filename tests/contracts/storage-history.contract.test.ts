// Audit, settings, the change feed between two processes, and what pruning may take away.

import { expect, test } from 'vitest';
import type { ChangeEvent } from '../../src/core/change-event.ts';
import type { KeyRecord } from '../../src/core/key.ts';
import { buildAudit, buildNewKey, buildNote, NOW_MS } from '../../src/storage/__fixtures__/rows.ts';
import type { OpenStorage } from '../../src/storage/open-storage.ts';
import { onBothDatabases } from './storage-on-both.ts';

const DAY_MS = 86_400_000;

function record(storage: OpenStorage): ChangeEvent[] {
  const events: ChangeEvent[] = [];
  storage.changes.subscribe((event) => events.push(event));
  return events;
}

const block = (current: KeyRecord) => ({ next: { ...current, blocked: true }, audit: buildAudit() });

onBothDatabases('history', (bench) => {
  test('audit entries come back whole, newest first, filtered and in pages', async () => {
    const entries = [1, 2, 3].map((number) =>
      buildAudit({
        id: `entry-${number}`,
        objectId: 'key_seen',
        atMs: NOW_MS + number,
        action: number === 2 ? 'blocked' : 'updated',
        before: { blocked: null, tags: ['a'] },
        after: number === 3 ? null : { blocked: true },
        sourceIp: '::1',
      }),
    );
    for (const entry of entries) await bench.storage.audit.append(entry);
    const [first, second, third] = entries;
    const list = bench.storage.audit.list;
    expect(await list({ objectId: 'key_seen', page: 1, pageSize: 2 })).toMatchObject({
      rows: [third, second],
      total: 3,
    });
    expect(await list({ objectId: 'key_seen', page: 2, pageSize: 2 })).toMatchObject({ rows: [first], total: 3 });
    expect(await list({ action: 'blocked', page: 1, pageSize: 9 })).toMatchObject({ rows: [second], total: 1 });
  });

  test('a setting is read back, replaced, audited and announced', async () => {
    const events = record(bench.storage);
    expect(await bench.storage.settings.get('colour')).toBeUndefined();
    await bench.storage.settings.set('colour', 'red', buildAudit({ objectId: 'colour' }));
    await bench.storage.settings.set('colour', 'blue', buildAudit({ objectId: 'colour' }));
    expect(await bench.storage.settings.get('colour')).toBe('blue');
    expect(events).toMatchObject([
      { kind: 'setting', name: 'colour' },
      { kind: 'setting', name: 'colour' },
    ]);
    expect((await bench.storage.audit.list({ objectId: 'colour', page: 1, pageSize: 9 })).total).toBe(2);
  });

  test('each process hears every change once, its own at once and others by polling, in order', async () => {
    const other = await bench.openAnother();
    const [here, there] = [record(bench.storage), record(other)];
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const [index, name] of names.entries()) {
      await (index % 2 === 0 ? bench.storage : other).settings.set(name, '1', buildAudit());
    }
    expect(here.map((event) => event.kind === 'setting' && event.name)).toEqual(['a', 'c', 'e']);
    for (let round = 0; round < 3; round++) await Promise.all([bench.storage.changes.poll(), other.changes.poll()]);
    for (const events of [here, there]) {
      expect(events.map((event) => event.kind === 'setting' && event.name).sort()).toEqual(names);
    }
    expect(
      there.filter((event) => event.kind === 'setting' && 'ace'.includes(event.name)).map((event) => event.seq),
    ).toEqual(here.slice(0, 3).map((event) => event.seq));
  });

  test('many changes at once in two polling processes are each heard once by both', async () => {
    const other = await bench.openAnother();
    const [here, there] = [record(bench.storage), record(other)];
    const writes = Array.from({ length: 40 }, (_, index) => {
      const storage = index % 2 === 0 ? bench.storage : other;
      return Promise.all([storage.keys.insert(buildNewKey()), storage.changes.poll()]);
    });
    await Promise.all(writes);
    await Promise.all([bench.storage.changes.poll(), other.changes.poll()]);
    await Promise.all([bench.storage.changes.poll(), other.changes.poll()]);
    const seqs = here.map((event) => event.seq).sort((a, b) => a - b);
    expect(new Set(seqs).size).toBe(40);
    expect(seqs).toHaveLength(40);
    expect(there.map((event) => event.seq).sort((a, b) => a - b)).toEqual(seqs);
  });

  test('a key blocked by another process is blocked here after the next poll', async () => {
    const other = await bench.openAnother();
    const rows = buildNewKey();
    await bench.storage.keys.insert(rows);
    const lookup = async () => (await bench.storage.keyCache.lookup(rows.key.hash))?.key.blocked;
    expect(await lookup()).toBeNull();
    await other.keys.change({ kind: 'key_id', keyId: rows.key.keyId }, block);
    await bench.storage.changes.poll();
    expect(await lookup()).toBe(true);
  });

  test('an unknown secret works on its first call after it was made, also by another process', async () => {
    const other = await bench.openAnother();
    const [mine, theirs] = [buildNewKey(), buildNewKey()];
    for (const { key } of [mine, theirs]) expect(await bench.storage.keyCache.lookup(key.hash)).toBeUndefined();
    await bench.storage.keys.insert(mine);
    expect((await bench.storage.keyCache.lookup(mine.key.hash))?.key).toEqual(mine.key);
    await other.keys.insert(theirs);
    await bench.storage.changes.poll();
    expect((await bench.storage.keyCache.lookup(theirs.key.hash))?.key).toEqual(theirs.key);
  });

  test('a blocked key is blocked for the very next look-up, and what the cache hands out cannot be changed', async () => {
    const rows = buildNewKey({ metadata: { tags: ['a'] } });
    await bench.storage.keys.insert(rows);
    const found = await bench.storage.keyCache.lookup(rows.key.hash);
    expect(() => (found!.key.metadata.tags as string[]).push('b')).toThrow(TypeError);
    await bench.storage.keys.change({ kind: 'hash', hash: rows.key.hash }, block);
    expect((await bench.storage.keyCache.lookup(rows.key.hash))?.key.blocked).toBe(true);
  });

  test('pruning takes old changes and dead notes, and numbers go on from where they were', async () => {
    const events = record(bench.storage);
    const note = buildNote({ expiresAtMs: NOW_MS + 1 });
    await bench.storage.keys.insert(buildNewKey({}, { idempotency: note }));
    bench.nowMs = NOW_MS + DAY_MS + 1;
    await bench.storage.prune();
    expect(await bench.storage.writes.selectFrom('changes').select('seq').execute()).toEqual([]);
    expect(await bench.storage.writes.selectFrom('idempotency').select('id').execute()).toEqual([]);
    await bench.storage.keys.insert(buildNewKey());
    expect(events[1]?.seq).toBeGreaterThan(events[0]?.seq ?? 0);
    bench.nowMs = NOW_MS;
  });
});
