import type { Caller } from '../../core/caller.ts';
import { ADMIN_USER_ID } from '../../core/caller.ts';
import { NO_LIMITS } from '../../core/limits.ts';
import type { OwnerRecord, Stamps } from '../../core/owner-records.ts';

/** Under which name a caller's doings are recorded on a row. */
export function nameOfCaller(caller: Caller): string {
  return caller.userId ?? ADMIN_USER_ID;
}

export function newStamps(by: string, nowMs: number): Stamps {
  return { createdAtMs: nowMs, createdBy: by, updatedAtMs: nowMs, updatedBy: by, deletedAtMs: null, deletedBy: null };
}

/** Strictly growing, so that two changes within a millisecond can be told apart. */
export function changeStamps(before: Stamps, by: string, nowMs: number): Pick<Stamps, 'updatedAtMs' | 'updatedBy'> {
  return { updatedAtMs: Math.max(nowMs, before.updatedAtMs + 1), updatedBy: by };
}

/** An owner of which nothing has been said yet. */
export function buildBlankOwner(id: string, by: string, nowMs: number): OwnerRecord {
  const nothing = { alias: null, budgetId: null, models: [], metadata: {}, extra: {}, blocked: false };
  return { ...NO_LIMITS, ...nothing, id, ...newStamps(by, nowMs) };
}
