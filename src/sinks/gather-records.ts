import type { CallLog } from '../core/call-log.ts';
import { JsonBytes } from '../core/json-bytes.ts';
import type { LogDestination } from '../core/log-destination.ts';
import { writeLogPayload } from '../core/write-log-payload.ts';

/** Lines that are written together: the first `length` of these bytes. They may be written over as soon as they are taken. */
export interface RecordLines {
  bytes: Buffer;
  length: number;
  count: number;
}

/**
 * The records of one turn of the event loop, made into lines and written at its end, all of one destination with one system
 * call. No call waits longer for it, as its bill is written at the same moment; and many lines made in a row cost less than
 * each made amid all else that its call does.
 */
export interface RecordGatherer {
  /** Resolves when all records of this turn are written, or lost. Never rejects. */
  add(log: CallLog, destination: LogDestination): Promise<unknown>;
  /** Writes now what has been gathered, instead of at the end of this turn. */
  writeOut(): void;
}

export interface RecordGathererOptions {
  /** Called before lines are written: what must not come after them is written by now. */
  beforeWrite?: (() => void) | undefined;
  /** Takes lines of one destination, as each of its owners in this turn has it. Throws nothing, and never rejects. */
  put: (lines: RecordLines, owners: readonly LogDestination[]) => Promise<unknown>;
  /** A record that no line can be made of. */
  onLost: (log: CallLog, destination: LogDestination, error: unknown) => void;
}

/** What one destination gets. */
interface Group {
  /** Whoever this turn's records are from, each once. */
  owners: LogDestination[];
  logs: CallLog[];
  /** Which of them go without content. */
  redacted: boolean[];
}

/** A record without a line. */
interface Lost {
  log: CallLog;
  error: unknown;
}

interface Turn {
  groups: Map<string, Group>;
  done: Promise<unknown>;
  resolve: (done: Promise<unknown>) => void;
}

const LINE_END = 0x0a;

export function createRecordGatherer({ beforeWrite, put, onLost }: RecordGathererOptions): RecordGatherer {
  const out = new JsonBytes(64 * 1024);
  let turn: Turn | undefined;

  /** Puts the lines of a group into `out`, in the place of what is there; returns the records that have none. */
  function writeLines({ logs, redacted }: Group): Lost[] {
    const lost: Lost[] = [];
    out.clear();
    for (const [index, log] of logs.entries()) {
      const start = out.end;
      try {
        writeLogPayload(out, log, redacted[index] as boolean);
        out.byte(LINE_END);
      } catch (error) {
        out.end = start;
        lost.push({ log, error });
      }
    }
    return lost;
  }

  function writeOut(): void {
    if (turn === undefined) return;
    const { groups, resolve } = turn;
    turn = undefined;
    beforeWrite?.();
    const safe: Promise<unknown>[] = [];
    let before: Group | undefined;
    let lost: Lost[] = [];
    for (const group of groups.values()) {
      if (before === undefined || !isSameText(group, before)) lost = writeLines(group);
      before = group;
      const count = group.logs.length - lost.length;
      if (count > 0) safe.push(put({ bytes: out.bytes, length: out.end, count }, group.owners));
      for (const { log, error } of lost) onLost(log, group.owners[0] as LogDestination, error);
    }
    // What a large turn took is given back now, and not with the next record.
    out.clear();
    resolve(safe.length === 1 ? (safe[0] as Promise<unknown>) : Promise.all(safe));
  }

  function begin(): Turn {
    const begun: Turn = { groups: new Map(), done: Promise.resolve(), resolve: () => {} };
    begun.done = new Promise((resolve) => {
      begun.resolve = resolve;
    });
    setImmediate(writeOut);
    return begun;
  }

  return {
    add(log, destination) {
      turn ??= begin();
      let group = turn.groups.get(destination.id);
      if (group === undefined) {
        group = { owners: [], logs: [], redacted: [] };
        turn.groups.set(destination.id, group);
      }
      if (!group.owners.includes(destination)) group.owners.push(destination);
      group.logs.push(log);
      group.redacted.push(destination.redactContent);
      return turn.done;
    },
    writeOut,
  };
}

/** Most destinations of a turn get the same records. */
function isSameText(one: Group, other: Group): boolean {
  if (one.logs.length !== other.logs.length) return false;
  return one.logs.every((log, index) => log === other.logs[index] && one.redacted[index] === other.redacted[index]);
}
