/**
 * The cache in front of every call: a known secret is answered at once, without a promise. A change event empties what
 * it names before the change's own request is answered, also what is being loaded at that moment, so no call that
 * begins later sees the key as it was.
 */
import { LRUCache } from 'lru-cache';
import { boundEntries } from '../core/bound-entries.ts';
import type { ChangeEvent } from '../core/change-event.ts';
import { databaseUnavailable } from './database-unavailable.ts';
import { deepFreeze } from './deep-freeze.ts';
import { MAX_RELOADS } from './max-reloads.ts';
import type { ActiveKey, KeyCache } from './storage.ts';

export interface KeyCacheOptions {
  /** Reads the database. */
  load(hash: string): Promise<ActiveKey | undefined>;
  nowMs: () => number;
  /** Keys kept. */
  size?: number;
  /** How long an unknown secret is remembered as unknown. */
  unknownTtlMs?: number;
  /** Look-ups in the database at the same time; more wait in line, and beyond the line they are turned away. */
  maxLoads?: number;
  maxWaiting?: number;
}

export interface EvictingKeyCache extends KeyCache {
  /** Takes back what the event concerns. */
  evict(event: ChangeEvent): void;
  clear(): void;
}

const SIZE = 100_000;
const UNKNOWN_SIZE = 10_000;
const UNKNOWN_TTL_MS = 5_000;
const MAX_LOADS = 32;
const MAX_WAITING = 1_000;

interface Load {
  answer: Promise<ActiveKey | undefined>;
  /** Set by an event while the load was on its way: what it read may be the state before the change. */
  outdated: boolean;
}

export function createKeyCache(options: KeyCacheOptions): EvictingKeyCache {
  const { load, nowMs, unknownTtlMs = UNKNOWN_TTL_MS, maxLoads = MAX_LOADS, maxWaiting = MAX_WAITING } = options;
  const known = new LRUCache<string, ActiveKey>(boundEntries(options.size ?? SIZE));
  /** Hash → until when it counts as unknown. */
  const unknown = new LRUCache<string, number>(boundEntries(UNKNOWN_SIZE));
  const loads = new Map<string, Load>();
  const waiting: (() => void)[] = [];
  let running = 0;

  async function takeTurn<T>(run: () => Promise<T>): Promise<T> {
    if (running >= maxLoads) {
      if (waiting.length >= maxWaiting) throw databaseUnavailable(new Error('Too many key look-ups at once.'));
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running++;
    }
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  async function loadFresh(hash: string, current: Load): Promise<ActiveKey | undefined> {
    for (let attempt = 0; attempt < MAX_RELOADS; attempt++) {
      current.outdated = false;
      const found = await load(hash);
      if (current.outdated) continue;
      if (found === undefined) unknown.set(hash, nowMs() + unknownTtlMs);
      else known.set(hash, deepFreeze(found));
      return found;
    }
    throw databaseUnavailable(new Error('The key changed each time it was read.'));
  }

  function startLoad(hash: string): Promise<ActiveKey | undefined> {
    const current: Load = { answer: Promise.resolve(undefined), outdated: false };
    current.answer = takeTurn(() => loadFresh(hash, current)).finally(() => loads.delete(hash));
    loads.set(hash, current);
    return current.answer;
  }

  function forget(hash: string): void {
    known.delete(hash);
    unknown.delete(hash);
    const current = loads.get(hash);
    if (current !== undefined) current.outdated = true;
  }

  return {
    lookup(hash) {
      const hit = known.get(hash);
      if (hit !== undefined) {
        const { revokedAtMs } = hit.secret;
        if (revokedAtMs === null || revokedAtMs > nowMs()) return hit;
        // The grace period ended while the key was cached.
        known.delete(hash);
        return undefined;
      }
      const unknownUntilMs = unknown.get(hash);
      if (unknownUntilMs !== undefined && unknownUntilMs > nowMs()) return undefined;
      return loads.get(hash)?.answer ?? startLoad(hash);
    },
    evict(event) {
      if (event.kind === 'key') event.hashes.forEach(forget);
    },
    clear() {
      known.clear();
      unknown.clear();
      for (const current of loads.values()) current.outdated = true;
    },
  };
}
