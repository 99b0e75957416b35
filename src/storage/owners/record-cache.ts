import { LRUCache } from 'lru-cache';
import { boundEntries } from '../../core/bound-entries.ts';
import { databaseUnavailable } from '../database-unavailable.ts';
import { MAX_RELOADS } from '../max-reloads.ts';

/** Records by name, with the knowledge that there is none. */
export interface RecordCache<V extends object> {
  /** At once where it is known. */
  get(id: string): V | null | Promise<V | null>;
  forget(id: string): void;
  clear(): void;
}

interface Load<V> {
  answer: Promise<V | null>;
  /** It was let go while it was on its way: what is read may be the state before the change. */
  outdated: boolean;
}

const NONE = Object.freeze({});

/**
 * Loads each record once, whoever asks meanwhile. What is forgotten while it is being loaded is loaded again, so nobody
 * who asks after a change sees the record as it was before.
 */
export function createRecordCache<V extends object>(
  load: (id: string) => Promise<V | null>,
  size: number,
): RecordCache<V> {
  const known = new LRUCache<string, V | typeof NONE>(boundEntries(size));
  const loads = new Map<string, Load<V>>();
  const none = (async (): Promise<V | null> => null)();

  async function loadFresh(id: string, current: { outdated: boolean }): Promise<V | null> {
    for (let attempt = 0; attempt < MAX_RELOADS; attempt++) {
      current.outdated = false;
      const found = await load(id);
      if (current.outdated) continue;
      known.set(id, found ?? NONE);
      return found;
    }
    throw databaseUnavailable(new Error('The record changed each time it was read.'));
  }

  return {
    get(id) {
      const hit = known.get(id);
      if (hit !== undefined) return hit === NONE ? null : (hit as V);
      const underWay = loads.get(id);
      if (underWay !== undefined) return underWay.answer;
      const current: Load<V> = { answer: none, outdated: false };
      current.answer = loadFresh(id, current).finally(() => loads.delete(id));
      loads.set(id, current);
      return current.answer;
    },
    forget(id) {
      known.delete(id);
      const current = loads.get(id);
      if (current !== undefined) current.outdated = true;
    },
    clear() {
      known.clear();
      for (const current of loads.values()) current.outdated = true;
    },
  };
}
