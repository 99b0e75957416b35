/**
 * Who seals stored credentials anew under a salt key, and when. Several processes share one note of how far that is, and
 * while a new key is brought in, some still seal with the one before: they must not undo what the others do.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from './duration.ts';
import { isJsonObject } from './json.ts';
import { SEALED_TABLE_NAMES, type SealedTable } from './sealed-texts.ts';

/** The note. Whoever wants to change it has to know what it says. */
export interface ResealingNote {
  /** Id of the salt key that credentials are sealed under. */
  keyId: string;
  /** Ids of those before it, the latest last. */
  superseded: readonly string[];
  /** When a process with this key was last heard of. */
  seenAtMs: number;
  /** Null: everything has been gone through. */
  at: ResealingPlace | null;
  resealed: number;
  unopenable: number;
  /** When everything is to be gone through again. */
  nextAtMs: number;
}

/** How far it is, and who is at it until when. Rows up to and including `after` are done. */
export interface ResealingPlace {
  table: SealedTable;
  after: string;
  by: string;
  untilMs: number;
}

export type ResealingPlan =
  /** `superseded`: another process seals under a newer key. */
  | { kind: 'wait'; untilMs: number; superseded: boolean }
  | { kind: 'start'; note: ResealingNote }
  | { kind: 'go_on'; note: ResealingNote & { at: ResealingPlace } }
  /** There is nothing to do but to say that this key is in use. */
  | { kind: 'show'; note: ResealingNote };

/** Of whoever has not been heard of for so long, the work is somebody else's. */
const LEASE_MS = 2 * MINUTE_MS;
const SHOW_EVERY_MS = 10 * MINUTE_MS;
/** A key that was superseded is taken up again, after a step back, once the newer one has been out of use for so long. */
const UNUSED_AFTER_MS = HOUR_MS;
/** Processes with the earlier key may have sealed something meanwhile. */
const AGAIN_AFTER_CHANGES_MS = 10 * MINUTE_MS;
const AGAIN_MS = DAY_MS;
const MAX_SUPERSEDED = 16;

export function planResealing(
  note: ResealingNote | null,
  own: { keyId: string; processId: string },
  nowMs: number,
): ResealingPlan {
  if (note === null) return start([], own, nowMs);
  if (note.keyId !== own.keyId) {
    const unusedAtMs = note.seenAtMs + UNUSED_AFTER_MS;
    if (note.superseded.includes(own.keyId) && nowMs < unusedAtMs) {
      return { kind: 'wait', untilMs: Math.min(unusedAtMs, nowMs + SHOW_EVERY_MS), superseded: true };
    }
    const others = [...note.superseded, note.keyId].filter((keyId) => keyId !== own.keyId);
    return start(others.slice(-MAX_SUPERSEDED), own, nowMs);
  }
  if (note.at !== null) {
    const { at } = note;
    if (at.by !== own.processId && nowMs < at.untilMs) return { kind: 'wait', untilMs: at.untilMs, superseded: false };
    return { kind: 'go_on', note: { ...note, at } };
  }
  if (nowMs >= note.nextAtMs) return start(note.superseded, own, nowMs);
  if (note.superseded.length > 0 && nowMs >= note.seenAtMs + SHOW_EVERY_MS) {
    return { kind: 'show', note: { ...note, seenAtMs: nowMs } };
  }
  return { kind: 'wait', untilMs: Math.min(note.nextAtMs, nowMs + SHOW_EVERY_MS), superseded: false };
}

function start(
  superseded: readonly string[],
  { keyId, processId }: { keyId: string; processId: string },
  nowMs: number,
): ResealingPlan {
  const [table] = SEALED_TABLE_NAMES;
  const at = { table: table as SealedTable, after: '', by: processId, untilMs: nowMs + LEASE_MS };
  return {
    kind: 'start',
    note: { keyId, superseded, seenAtMs: nowMs, at, resealed: 0, unopenable: 0, nextAtMs: nowMs },
  };
}

/** The note once rows up to `after` are done; `after` null: all of the table. */
export function moveOn(
  note: ResealingNote & { at: ResealingPlace },
  done: { after: string | null; resealed: number; unopenable: number },
  processId: string,
  nowMs: number,
): ResealingNote {
  const counted = {
    ...note,
    seenAtMs: nowMs,
    resealed: note.resealed + done.resealed,
    unopenable: note.unopenable + done.unopenable,
  };
  const lease = { by: processId, untilMs: nowMs + LEASE_MS };
  if (done.after !== null) return { ...counted, at: { table: note.at.table, after: done.after, ...lease } };
  const next = SEALED_TABLE_NAMES[SEALED_TABLE_NAMES.indexOf(note.at.table) + 1];
  if (next !== undefined) return { ...counted, at: { table: next, after: '', ...lease } };
  return { ...counted, at: null, nextAtMs: nowMs + (counted.resealed > 0 ? AGAIN_AFTER_CHANGES_MS : AGAIN_MS) };
}

/** Null for what is no note of this version: everything is gone through then. */
export function parseResealingNote(text: string | undefined): ResealingNote | null {
  try {
    const note: unknown = JSON.parse(text ?? 'null');
    return isJsonObject(note) && typeof note.keyId === 'string' && Array.isArray(note.superseded)
      ? (note as unknown as ResealingNote)
      : null;
  } catch {
    return null;
  }
}
