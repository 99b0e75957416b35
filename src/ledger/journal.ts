import { unlink } from 'node:fs/promises';
import { readBytes } from '../append-log/read-bytes.ts';
import type { Segment } from '../append-log/segment-files.ts';
import type { SegmentWriter } from '../append-log/segment-writer.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { JsonBytes } from '../core/json-bytes.ts';
import type { CallIntent, SpendRecord } from '../core/spend-record.ts';
import { BEFORE_ROW, BEHIND_ROW, writeOpenLine, writeSettleLine } from './journal-line.ts';
import type { JournalledBill } from './journalled-bill.ts';

/** A call without a bill yet, and where its line stands, which is written anew when its segment goes. */
interface OpenCall {
  requestId: string;
  position: number;
  length: number;
  /** Its line is written anew; meanwhile it may have been settled. */
  moved: boolean;
}

/** Everything that one turn of the event loop hands in: one write, one promise, one fate. */
interface Group {
  opens: OpenCall[];
  bills: JournalledBill[];
  /** The calls that these bills close, to be open again if the bills cannot be written. */
  closes: OpenCall[];
  /** Position behind its last line; 0 until it is written. */
  end: number;
  done: Promise<void>;
  resolve: () => void;
  reject: (error: Error) => void;
}

export interface Journal {
  /** Resolves once the line is safe. Refuses with database_unavailable when it cannot be written. */
  open(intent: CallIntent): Promise<void>;
  settle(record: SpendRecord): Promise<void>;
  /** Writes now what has been gathered, instead of at the end of this turn. */
  writeOut(): void;
  /** Everything before this position is safe or was refused. */
  acknowledgedEnd(): number;
  /** Oldest first, the one that is written to last. */
  segments(): readonly Segment[];
  /** Calls without a bill. */
  openCalls(): number;
  /** Deletes sealed segments that end at or before `shipped`. Calls that are still open in them move to the end first. */
  dropThrough(shipped: number): Promise<void>;
  /** Resolves when nothing waits to be written any more. Never rejects. */
  drain(): Promise<void>;
  /** All records from now on, those not yet written included, are refused with this. */
  stop(refusal: GatewayError): void;
}

export interface JournalOptions {
  writer: SegmentWriter;
  /** Where the journal begins for this process. */
  base: number;
  /** Also wait for the disk, so that a power failure loses nothing that was acknowledged. */
  fsync: boolean;
  /** Called in journal order, before the promises of these bills resolve. Their bytes are theirs no longer afterwards. */
  onBills: (bills: readonly JournalledBill[]) => void;
  /** Called when writing begins to fail (with the error) and when it works again. */
  onWriting: (failure: Error | undefined) => void;
}

const SPARE_BYTES = 64 * 1024;
const KEPT_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * The record of this process that outlives it: lines are gathered during one turn of the event loop and written with one
 * system call at its end, so they survive `kill -9` from the moment their promise resolves, at a cost shared by all calls
 * of that turn. A write that fails refuses the calls of its turn and nothing else.
 */
export function createJournal({ writer, base, fsync, onBills, onWriting }: JournalOptions): Journal {
  const open = new Map<string, OpenCall>();
  /** What has been gathered. */
  let lines = new JsonBytes(SPARE_BYTES);
  let gathering: Group | undefined;
  let latest: Promise<void> = Promise.resolve();
  let acknowledgedEnd = base;
  let unsynced: Group[] = [];
  let syncing = false;
  let dropped: Promise<void> = Promise.resolve();
  let failing = false;
  let refusal: GatewayError | undefined;

  function gather(): Group {
    if (gathering === undefined) {
      gathering = createGroup();
      latest = gathering.done;
      setImmediate(write);
    }
    return gathering;
  }

  /** Adds a line and returns where it begins; one that cannot be written leaves nothing behind. */
  function push(writeLine: (out: JsonBytes) => void): number {
    const start = lines.end;
    try {
      writeLine(lines);
    } catch (error) {
      lines.end = start;
      throw error;
    }
    return start;
  }

  function write(): void {
    const group = gathering;
    if (group === undefined) return;
    gathering = undefined;
    const { bytes: buffer, end: bytes } = lines;
    lines.end = 0;
    let start: number;
    try {
      if (refusal !== undefined) throw refusal;
      start = writer.write(buffer, bytes);
    } catch (error) {
      refuse(group, error as Error);
      return;
    }
    // Where the disk is waited for, the next lines come before these bills are handed on.
    if (fsync || buffer.length > KEPT_BUFFER_BYTES) lines = new JsonBytes(SPARE_BYTES);
    for (const call of group.opens) call.position += start;
    for (const bill of group.bills) {
      bill.bytes = buffer;
      bill.start += start;
      bill.end += start;
    }
    group.end = start + bytes;
    if (!fsync) {
      acknowledge(group);
      return;
    }
    unsynced.push(group);
    if (!syncing) syncNext();
  }

  /** One sync covers every group written while the one before it ran. */
  function syncNext(): void {
    const groups = unsynced;
    unsynced = [];
    syncing = groups.length > 0;
    if (!syncing) return;
    writer.sync((error) => {
      for (const group of groups) {
        if (error === null) acknowledge(group);
        else refuse(group, error);
        // Bills that are written but perhaps not on disk go to the database like all others: the calls did happen.
        if (error !== null && group.bills.length > 0) onBills(group.bills);
      }
      syncNext();
    });
  }

  function acknowledge(group: Group): void {
    for (const call of group.opens) {
      if (!call.moved || open.has(call.requestId)) open.set(call.requestId, call);
    }
    acknowledgedEnd = group.end;
    if (failing) {
      failing = false;
      onWriting(undefined);
    }
    if (group.bills.length > 0) onBills(group.bills);
    group.resolve();
  }

  function refuse(group: Group, cause: Error): void {
    if (group.end === 0) for (const call of group.closes) open.set(call.requestId, call);
    acknowledgedEnd = Math.max(acknowledgedEnd, group.end);
    if (!failing && cause !== refusal) {
      failing = true;
      onWriting(cause);
    }
    group.reject(cause instanceof GatewayError ? cause : toUnrecorded(cause));
  }

  /** Oldest first, so that an open call's line is never left behind alone while its bill's segment is gone. */
  async function moveOpenCalls(segment: Segment): Promise<boolean> {
    const calls = [...open.values()].filter(({ position }) => position < segment.end && position >= segment.base);
    if (calls.length === 0) return true;
    const texts = calls.map(({ position, length }) => readBytes(segment.path, position - segment.base, length));
    const group = gather();
    for (const [index, { requestId, length }] of calls.entries()) {
      group.opens.push({
        requestId,
        position: push((out) => out.raw(texts[index] as Buffer)),
        length,
        moved: true,
      });
    }
    // On a full disk the segment stays; the ones behind it can still be freed.
    return group.done.then(
      () => true,
      () => false,
    );
  }

  async function drop(shipped: number): Promise<void> {
    for (const segment of writer.sealed.filter(({ end }) => end <= shipped)) {
      if (!(await moveOpenCalls(segment))) continue;
      writer.sealed.splice(writer.sealed.indexOf(segment), 1);
      await unlink(segment.path);
    }
  }

  return {
    open(intent) {
      if (refusal !== undefined) return Promise.reject(refusal);
      const position = push((out) => writeOpenLine(out, intent));
      const group = gather();
      group.opens.push({ requestId: intent.requestId, position, length: lines.end - position, moved: false });
      return group.done;
    },
    settle(given) {
      if (refusal !== undefined) return Promise.reject(refusal);
      let record = given;
      const start = push((out) => {
        record = writeSettleLine(out, given);
      });
      const group = gather();
      const { end, bytes } = lines;
      group.bills.push({ record, bytes, rowStart: start + BEFORE_ROW, rowEnd: end - BEHIND_ROW, start, end });
      const call = open.get(record.requestId);
      if (call !== undefined) {
        open.delete(record.requestId);
        group.closes.push(call);
      }
      return group.done;
    },
    writeOut: write,
    acknowledgedEnd: () => acknowledgedEnd,
    segments() {
      const active = writer.active();
      return active === undefined ? writer.sealed : [...writer.sealed, active];
    },
    openCalls: () => open.size,
    dropThrough(shipped) {
      if (writer.sealed.some(({ end }) => end <= shipped)) dropped = dropped.catch(() => {}).then(() => drop(shipped));
      return dropped;
    },
    async drain() {
      for (let waited: Promise<void> | undefined; waited !== latest; ) {
        waited = latest;
        await waited.catch(() => {});
      }
    },
    stop(error) {
      refusal = error;
    },
  };
}

function createGroup(): Group {
  const group: Group = {
    opens: [],
    bills: [],
    closes: [],
    end: 0,
    done: Promise.resolve(),
    resolve: () => {},
    reject: () => {},
  };
  group.done = new Promise((resolve, reject) => {
    group.resolve = resolve;
    group.reject = reject;
  });
  // Its callers hear of a refusal; one that has stopped listening must not end the process.
  group.done.catch(() => {});
  return group;
}

function toUnrecorded(cause: Error): GatewayError {
  return new GatewayError('database_unavailable', 'The gateway cannot record calls at the moment. Please try again.', {
    cause,
    retryAfterMs: 1000,
  });
}
