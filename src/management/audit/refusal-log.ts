/**
 * Attempts at a change that were refused, as rows of the audit log. Each is a row of its own, up to a bound: a client with
 * a valid key that asks for nonsense all day, or a stranger without any, must not be able to fill the disk. What is beyond
 * the bound is counted, and the count becomes one row when its window is over.
 */
import type { Actor, AuditEntry } from '../../core/audit.ts';
import type { JsonObject } from '../../core/json.ts';
import type { AuditStore } from '../../storage/storage.ts';

/** What was aimed at, as far as the request told before it was refused. */
export interface RefusedTarget {
  tableName: string;
  objectId: string;
  objectKeyId: string | null;
  objectName: string | null;
}

export interface Refusal {
  actor: Actor;
  target: RefusedTarget;
  status: number;
  type: string;
  param: string | null;
  message: string;
}

export interface RefusalLog {
  /** Resolves once the attempt is on record, or counted. Never rejects: the refusal stands either way. */
  record(refusal: Refusal): Promise<void>;
  /** Writes the counts of windows that are over; with `all`, of every window. */
  flush(all?: boolean): Promise<void>;
}

/** So many rows for one credential in such a time. Strangers share one bound, since they can have any number of names. */
const KNOWN = { rows: 1_000, lengthMs: 3_600_000 };
const STRANGERS = { rows: 20, lengthMs: 600_000 };
const STRANGER = '';
const MAX_WINDOWS = 10_000;
const MAX_NAMES = 20;
const MAX_MESSAGE_LENGTH = 500;

interface Window {
  firstAtMs: number;
  endsAtMs: number;
  rowsLeft: number;
  unlisted: number;
  lastAtMs: number;
  lastActor: Actor;
  routes: Map<string, number>;
  sources: Map<string, number>;
}

export function createRefusalLog(deps: {
  audit: Pick<AuditStore, 'append'>;
  nowMs(): number;
  newId(prefix: string): string;
  onFailure(error: unknown): void;
}): RefusalLog {
  const windows = new Map<string, Window>();

  const append = (entry: AuditEntry) => deps.audit.append(entry).catch(deps.onFailure);

  /** The window that counts now, and those that had to give way to it. Synchronous, so that a flood opens just one. */
  function openWindow(actor: Actor): { window: Window; ended: Window[] } {
    const nowMs = deps.nowMs();
    const name = actor.callerKind === 'anonymous' ? STRANGER : actor.changedByHash;
    const present = windows.get(name);
    if (present !== undefined && nowMs < present.endsAtMs) return { window: present, ended: [] };
    const { rows, lengthMs } = name === STRANGER ? STRANGERS : KNOWN;
    const ended = present === undefined ? [] : [present];
    windows.delete(name);
    const oldest = windows.size >= MAX_WINDOWS ? windows.entries().next().value : undefined;
    if (oldest !== undefined) {
      windows.delete(oldest[0]);
      ended.push(oldest[1]);
    }
    const window: Window = {
      firstAtMs: nowMs,
      endsAtMs: nowMs + lengthMs,
      rowsLeft: rows,
      unlisted: 0,
      lastAtMs: nowMs,
      lastActor: actor,
      routes: new Map(),
      sources: new Map(),
    };
    windows.set(name, window);
    return { window, ended };
  }

  /** A row for what a window did not list. */
  async function writeCounts(ended: readonly Window[]): Promise<void> {
    for (const window of ended) {
      if (window.unlisted > 0) await append(describeCount(deps.newId, deps.nowMs(), window));
    }
  }

  return {
    async record(refusal) {
      const { actor } = refusal;
      const { window, ended } = openWindow(actor);
      if (window.rowsLeft > 0) {
        window.rowsLeft -= 1;
        await append(describeRefusal(deps.newId, deps.nowMs(), refusal));
      } else {
        window.unlisted += 1;
        window.lastAtMs = deps.nowMs();
        window.lastActor = actor;
        count(window.routes, actor.route);
        count(window.sources, actor.sourceIp);
      }
      await writeCounts(ended);
    },
    async flush(all = false) {
      const nowMs = deps.nowMs();
      const ended = [...windows].filter(([, window]) => all || nowMs >= window.endsAtMs);
      for (const [name] of ended) windows.delete(name);
      await writeCounts(ended.map(([, window]) => window));
    },
  };
}

function describeRefusal(newId: (prefix: string) => string, atMs: number, refusal: Refusal): AuditEntry {
  const { actor, target, status, type, param, message } = refusal;
  return {
    ...actor,
    ...target,
    id: newId('audit_'),
    atMs,
    action: 'denied',
    before: null,
    after: { status, type, param, message: message.slice(0, MAX_MESSAGE_LENGTH) },
  };
}

function describeCount(newId: (prefix: string) => string, atMs: number, window: Window): AuditEntry {
  // Whose attempts they were, and nothing that belongs to one of them only.
  return {
    ...window.lastActor,
    requestId: newId('counted_'),
    sourceIp: null,
    userAgent: null,
    route: null,
    id: newId('audit_'),
    atMs,
    action: 'denied',
    tableName: 'requests',
    objectId: '',
    objectKeyId: null,
    objectName: null,
    before: null,
    after: {
      attempts_not_listed: window.unlisted,
      first_at: new Date(window.firstAtMs).toISOString(),
      last_at: new Date(window.lastAtMs).toISOString(),
      routes: toJson(window.routes),
      source_ips: toJson(window.sources),
    },
  };
}

/** The first few names; a flood can have any number of sources. */
function count(counts: Map<string, number>, name: string | null): void {
  if (name === null || (!counts.has(name) && counts.size >= MAX_NAMES)) return;
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function toJson(counts: Map<string, number>): JsonObject {
  return Object.fromEntries(counts);
}
