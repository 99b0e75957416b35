import { describe, expect, test } from 'vitest';
import type { ChangeEvent } from '../core/change-event.ts';
import { buildKey, NOW_MS } from './__fixtures__/rows.ts';
import { createKeyCache, type KeyCacheOptions } from './key-cache.ts';
import { MAX_RELOADS } from './max-reloads.ts';
import type { ActiveKey } from './storage.ts';

function buildActive(hash: string, blocked: boolean | null = null, revokedAtMs: number | null = null): ActiveKey {
  const key = buildKey({ hash, blocked, metadata: { tags: ['a'] } });
  return { key, secret: { hash, keyId: key.keyId, createdAtMs: NOW_MS, revokedAtMs } };
}

function changed(...hashes: string[]): ChangeEvent {
  return { seq: 1, kind: 'key', keyId: 'key_1', hashes, working: [] };
}

/** A cache over loads that the test answers by hand. */
function createBench(options: Partial<KeyCacheOptions> = {}) {
  const loads: { hash: string; answer: (found: ActiveKey | undefined) => void; fail: (error: Error) => void }[] = [];
  const clock = { nowMs: NOW_MS };
  const load = (hash: string) =>
    new Promise<ActiveKey | undefined>((answer, fail) => {
      loads.push({ hash, answer, fail });
    });
  return { cache: createKeyCache({ load, nowMs: () => clock.nowMs, ...options }), loads, clock };
}

/** Lets everything run that is ready to. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('look-ups', () => {
  test('a key is read once, however many ask at once, and is then there without a promise', async () => {
    const { cache, loads } = createBench();
    const asked = [cache.lookup('h'), cache.lookup('h')];
    const active = buildActive('h');
    loads[0]?.answer(active);
    expect(await Promise.all(asked)).toEqual([active, active]);
    expect(cache.lookup('h')).toBe(active);
    expect(loads).toHaveLength(1);
  });

  test('an unknown secret is remembered as unknown for a while', async () => {
    const { cache, loads, clock } = createBench({ unknownTtlMs: 5_000 });
    const asked = cache.lookup('h');
    loads[0]?.answer(undefined);
    expect(await asked).toBeUndefined();
    clock.nowMs += 4_999;
    expect(cache.lookup('h')).toBeUndefined();
    clock.nowMs += 1;
    void cache.lookup('h');
    expect(loads).toHaveLength(2);
  });

  test('a failure is not remembered, and everybody who waited hears of it', async () => {
    const { cache, loads } = createBench();
    const asked = [cache.lookup('h'), cache.lookup('h')];
    loads[0]?.fail(new Error('down'));
    for (const each of asked) await expect(each).rejects.toThrow('down');
    const again = cache.lookup('h');
    loads[1]?.answer(undefined);
    expect(await again).toBeUndefined();
  });

  test('a secret whose grace period ends while it is cached is unknown from that moment on', async () => {
    const { cache, loads, clock } = createBench();
    const asked = cache.lookup('h');
    loads[0]?.answer(buildActive('h', null, NOW_MS + 10));
    await asked;
    clock.nowMs += 9;
    expect(cache.lookup('h')).toBeDefined();
    clock.nowMs += 1;
    expect(cache.lookup('h')).toBeUndefined();
  });

  test('what is cached is frozen to the bottom', async () => {
    const { cache, loads } = createBench();
    const asked = cache.lookup('h');
    loads[0]?.answer(buildActive('h'));
    const { key } = (await asked) ?? buildActive('');
    expect(() => Object.assign(key, { blocked: true })).toThrow(TypeError);
    expect(() => Object.assign(key.metadata.tags ?? {}, { 0: 'b' })).toThrow(TypeError);
  });

  test('the least used key gives way to a new one', async () => {
    const { cache, loads } = createBench({ size: 2 });
    for (const hash of ['a', 'b', 'c']) {
      const asked = cache.lookup(hash);
      loads.at(-1)?.answer(buildActive(hash));
      await asked;
    }
    expect(cache.lookup('c')).not.toBeInstanceOf(Promise);
    expect(cache.lookup('a')).toBeInstanceOf(Promise);
  });
});

describe('changes', () => {
  test('an event takes back a key and an unknown one', async () => {
    const { cache, loads } = createBench();
    const asked = [cache.lookup('known'), cache.lookup('unknown')];
    loads[0]?.answer(buildActive('known'));
    loads[1]?.answer(undefined);
    await Promise.all(asked);
    cache.evict({ seq: 1, kind: 'setting', name: 'x' });
    expect(cache.lookup('known')).not.toBeInstanceOf(Promise);
    cache.evict(changed('known', 'unknown'));
    for (const hash of ['known', 'unknown']) expect(cache.lookup(hash)).toBeInstanceOf(Promise);
  });

  test('what was read before a change is neither cached nor handed out after it', async () => {
    const { cache, loads } = createBench();
    const asked = cache.lookup('h');
    cache.evict(changed('h'));
    loads[0]?.answer(buildActive('h'));
    await settle();
    expect(loads).toHaveLength(2);
    const blocked = buildActive('h', true);
    loads[1]?.answer(blocked);
    expect(await asked).toBe(blocked);
    expect(cache.lookup('h')).toBe(blocked);
  });

  test('the same holds for a secret that was read as unknown, and when everything is dropped', async () => {
    const { cache, loads } = createBench();
    const asked = cache.lookup('h');
    cache.clear();
    loads[0]?.answer(undefined);
    await settle();
    const active = buildActive('h');
    loads[1]?.answer(active);
    expect(await asked).toBe(active);
    cache.clear();
    expect(cache.lookup('h')).toBeInstanceOf(Promise);
  });

  test('a key is read until it keeps still; one that never does is refused as unavailable in the end', async () => {
    for (const [changes, expected] of [
      [40, { key: { hash: 'h' } }],
      [MAX_RELOADS, { code: 'database_unavailable' }],
    ] as const) {
      const { cache, loads } = createBench();
      const asked = Promise.resolve(cache.lookup('h')).catch((error: unknown) => error);
      for (let attempt = 0; attempt < changes; attempt++) {
        cache.evict(changed('h'));
        loads[attempt]?.answer(buildActive('h'));
        await settle();
      }
      loads[changes]?.answer(buildActive('h'));
      expect(await asked).toMatchObject(expected);
    }
  });
});

describe('a flood of unknown secrets', () => {
  test('reads a few at a time, lets some wait in line, and turns the rest away', async () => {
    const { cache, loads } = createBench({ maxLoads: 2, maxWaiting: 3 });
    const asked = Array.from({ length: 6 }, (_, index) => Promise.resolve(cache.lookup(`h${index}`)));
    await expect(asked[5]).rejects.toMatchObject({ code: 'database_unavailable', retryAfterMs: 1_000 });
    expect(loads.map((load) => load.hash)).toEqual(['h0', 'h1']);
    for (let index = 0; index < 5; index++) {
      loads[index]?.answer(undefined);
      await settle();
    }
    expect(loads.map((load) => load.hash)).toEqual(['h0', 'h1', 'h2', 'h3', 'h4']);
    expect(await Promise.all(asked.slice(0, 5))).toEqual(Array(5).fill(undefined));
    void cache.lookup('free again');
    expect(loads).toHaveLength(6);
  });

  test('a known key is answered in the middle of it', async () => {
    const { cache, loads } = createBench({ maxLoads: 1, maxWaiting: 0 });
    const asked = cache.lookup('known');
    const active = buildActive('known');
    loads[0]?.answer(active);
    await asked;
    void cache.lookup('unknown');
    await expect(cache.lookup('another')).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(cache.lookup('known')).toBe(active);
  });
});
