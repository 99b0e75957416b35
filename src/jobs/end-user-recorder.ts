import { type Limits, NO_LIMITS } from '../core/limits.ts';
import type { EndUserRecord } from '../core/owner-records.ts';
import type { Transact } from '../storage/owners/owner-storage.ts';

/**
 * Stores end users whom calls have named for the first time, a little later and many at once, so that no call waits for
 * it. An end user that exists meanwhile is left as it is.
 */
export interface EndUserRecorder {
  note(id: string): void;
  flush(): Promise<void>;
}

/** Of one transaction, which others wait for. */
const BATCH = 200;
/** Whoever is beyond it is noted again by the next call. */
const MAX_NOTED = 10_000;
/** Whom the audit columns name: no person has made them. */
const FIRST_USE = 'first_use';

export function createEndUserRecorder(deps: {
  transact: Transact;
  /** What a new end user may use up; null: no limits. */
  limits: () => Limits | null;
}): EndUserRecorder {
  const noted = new Set<string>();
  return {
    note(id) {
      if (noted.size < MAX_NOTED) noted.add(id);
    },
    async flush() {
      while (noted.size > 0) {
        const batch = [...noted].slice(0, BATCH);
        await deps.transact(async (unit) => {
          for (const id of batch) await unit.endUsers.insert(buildEndUser(id, deps.limits() ?? NO_LIMITS, unit.nowMs));
        });
        for (const id of batch) noted.delete(id);
      }
    },
  };
}

function buildEndUser(id: string, limits: Limits, nowMs: number): EndUserRecord {
  return {
    ...limits,
    id,
    alias: null,
    budgetId: null,
    models: [],
    metadata: {},
    extra: {},
    blocked: false,
    allowedModelRegion: null,
    defaultModel: null,
    createdAtMs: nowMs,
    createdBy: FIRST_USE,
    updatedAtMs: nowMs,
    updatedBy: FIRST_USE,
    deletedAtMs: null,
    deletedBy: null,
  };
}
