// Sessions and passwords, on both databases.

import { expect, test } from 'vitest';
import type { SessionRecord } from '../../src/core/session.ts';
import { onBothDatabases } from './storage-on-both.ts';

onBothDatabases('sessions', (bench) => {
  let made = 0;
  const open = async (fields: Partial<SessionRecord> = {}): Promise<SessionRecord> => {
    made += 1;
    const session: SessionRecord = {
      id: `session_${made}`,
      hash: `hash ${made}`,
      kind: 'user',
      userId: `user ${made}`,
      credentialHash: null,
      createdAtMs: bench.nowMs,
      expiresAtMs: bench.nowMs + 86_400_000,
      lastSeenAtMs: bench.nowMs,
      endedAtMs: null,
      sourceIp: '127.0.0.1',
      userAgent: 'tests',
      ...fields,
    };
    await bench.storage.transact((unit) => unit.sessions.insert(session));
    return session;
  };
  const end = (which: { id: string } | { userIds: string[]; exceptId?: string | null }) =>
    bench.storage.transact((unit) => unit.sessions.end(which));

  test('is found by its hash once it is there, although it was asked for before', async () => {
    expect(await bench.storage.sessionCache.lookup('hash 1')).toBeNull();
    const session = await open();
    expect(await bench.storage.sessionCache.lookup(session.hash)).toEqual(session);
    expect(await bench.storage.sessions.find(session.id)).toEqual(session);
  });

  test('an ended one is ended for the next look-up, here and, once it has heard, in another process', async () => {
    const another = await bench.openAnother();
    const session = await open();
    for (const storage of [bench.storage, another]) await storage.sessionCache.lookup(session.hash);
    await end({ id: session.id });
    expect((await bench.storage.sessionCache.lookup(session.hash))?.endedAtMs).toBe(bench.nowMs);
    await another.changes.poll();
    expect((await another.sessionCache.lookup(session.hash))?.endedAtMs).toBe(bench.nowMs);
    expect(await end({ id: session.id })).toEqual({ kind: 'done', value: [] });
  });

  test('all of a user end, but for the one that is spared', async () => {
    const [one, two, other] = [await open({ userId: 'ann' }), await open({ userId: 'ann' }), await open()];
    await end({ userIds: ['ann'], exceptId: two.id });
    const found = await Promise.all([one, two, other].map(({ id }) => bench.storage.sessions.find(id)));
    expect(found.map((session) => session?.endedAtMs === null)).toEqual([false, true, true]);
  });

  test('a use is noted, unless the session has ended or was idle', async () => {
    const session = await open();
    const { touch } = bench.storage.sessionCache;
    const later = bench.nowMs + 1_000;
    expect((await touch(session, later, bench.nowMs - 1))?.lastSeenAtMs).toBe(later);
    expect((await touch(session, later + 10, later + 5))?.lastSeenAtMs).toBe(later);
    await end({ id: session.id });
    expect((await touch(session, later + 10, 0))?.lastSeenAtMs).toBe(later);
  });

  test('lists the living, newest first', async () => {
    const nowMs = bench.nowMs + 1_000;
    const [first, second] = [await open({ userId: 'bob' }), await open({ userId: 'bob', createdAtMs: nowMs })];
    await open({ userId: 'bob', expiresAtMs: nowMs });
    await open({ userId: 'bob', lastSeenAtMs: nowMs - 60_000 });
    await end({ id: (await open({ userId: 'bob' })).id });
    const query = { userId: 'bob', nowMs, idleMs: 60_000, limit: 10, offset: 0 };
    const { sessions, total } = await bench.storage.sessions.list(query);
    expect([sessions.map(({ id }) => id), total]).toEqual([[second.id, first.id], 2]);
  });

  test('a password is set, replaced and taken away', async () => {
    const { transact, sessions } = bench.storage;
    for (const hash of ['one', 'two']) {
      await transact((unit) => unit.passwords.set('carl', hash));
      expect(await sessions.findPassword('carl')).toBe(hash);
    }
    await transact((unit) => unit.passwords.remove(['carl']));
    expect(await sessions.findPassword('carl')).toBeUndefined();
  });

  test('sessions long over are pruned', async () => {
    const old = await open({ expiresAtMs: bench.nowMs - 8 * 86_400_000 });
    const recent = await open();
    await bench.storage.prune();
    const found = await Promise.all([old, recent].map(({ id }) => bench.storage.sessions.find(id)));
    expect(found.map((session) => session?.id)).toEqual([undefined, recent.id]);
  });
});
