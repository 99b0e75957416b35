/**
 * Walks through the audit log, row by row in the order of their numbers, and finds what was changed and where. Knows
 * nothing of where the rows come from. With seals (salt keys) it tells a chain that was computed anew from a genuine one.
 */
import { type AuditHead, type AuditRow, GENESIS_HASH, hashAuditRow } from './audit-chain.ts';
import { findOriginalSeq, findSwaps } from './audit-displaced.ts';
import { type AuditFault, createFaultList, nameRows } from './audit-fault.ts';
import type { AuditSeal } from './audit-seal.ts';
import { createSealCheck } from './audit-seal-check.ts';

/** What a checkpoint says of the log, once its signature has been looked at. */
export interface CheckedPoint {
  seq: number;
  hash: string;
  at: string;
}

export interface AuditCheckInput {
  /** This gateway's, then those of earlier salt keys; empty: only the chain is looked at. */
  seals: readonly AuditSeal[];
  /** Undefined: there is none. */
  head: AuditHead | undefined;
  checkpoints: readonly CheckedPoint[];
}

export interface AuditCheck {
  /** Rows come in the order of `seq`. */
  add(row: AuditRow): void;
  finish(): { rows: number; faults: AuditFault[]; faultCount: number };
}

/** As many rows are kept until it is clear what happened to them. */
const MAX_KEPT = 1_000;
/** Rows that were numbered anew after one was put in or taken out are looked for so far away. */
const MAX_SHIFT = 3;

export function createAuditCheck({ seals, head, checkpoints }: AuditCheckInput): AuditCheck {
  const faults = createFaultList();
  const seal = createSealCheck(seals, faults);
  const points = new Map(checkpoints.map((point) => [point.seq, point]));
  /** Their fields do not have their hash. */
  const changed: AuditRow[] = [];
  /** Their numbers have no place in the log. */
  const strays: AuditRow[] = [];
  const missing: Gap[] = [];
  let rows = 0;
  let shift = 0;
  let held: Held | null = null;
  let last: Walked = { seq: 0, id: null, hashes: [GENESIS_HASH], sound: true, changed: null };

  return {
    add(row) {
      rows += 1;
      const ahead = { row, offset: findOffset(row) };
      if (held !== null) walk(held, ahead);
      held = ahead;
    },
    finish() {
      if (held !== null) walk(held, null);
      held = null;
      if (head !== undefined && head.seq === last.seq) settleChanged(head.hash);
      checkHead();
      for (const { seq, hash, at } of points.values()) {
        if (seq === 0 && hash === GENESIS_HASH) continue;
        faults.report(
          'checkpoint',
          { seq, id: null },
          `the checkpoint of ${at} is of row ${seq}, and the log has none`,
        );
      }
      reportDisplaced();
      for (const row of changed) reportChanged(row);
      seal.finish();
      return { rows, faults: faults.list(), faultCount: faults.count() };
    },
  };

  /** One row, in the light of the one behind it. */
  function walk({ row, offset }: Held, next: Held | null): void {
    const trueSeq = offset !== null && isPlausible(offset, next) ? row.seq + offset : null;
    if (trueSeq !== null) shift = trueSeq - row.seq;
    if (trueSeq === null && (row.seq <= last.seq || (head !== undefined && row.seq > head.seq))) {
      keepStray(row);
      return;
    }
    const seq = trueSeq ?? row.seq + shift;
    const faultsBefore = faults.count();
    if (seq > last.seq + 1) noteMissing({ from: last.seq + 1, to: seq - 1, isTail: false });
    if (seq <= last.seq) reportInserted(row, seq);
    const follows = seq === last.seq + 1 ? last.hashes.includes(row.prevHash) : null;
    settleChanged(row.prevHash);
    const isChanged = trueSeq === null && !isJustUnlinked(row, follows);
    if (isChanged && !keep(changed, row)) reportChanged(row);
    if (trueSeq !== null) {
      // Where the row before is at fault, that is where the fault is.
      if (follows === false && last.sound) {
        const detail = `row ${row.seq} does not follow from the row before it: one of them was written anew`;
        faults.report('broken_link', row, detail);
      }
      seal.checkRow(row);
    }
    const own = hashAuditRow(seq, row.prevHash, row);
    comparePoint(row, seq, trueSeq === null ? own : row.hash);
    const sound = trueSeq !== null && faults.count() === faultsBefore;
    last = { seq, id: row.id, hashes: [row.hash, own], sound, changed: isChanged ? row : null };
  }

  /**
   * How far the row is from the number that it was hashed with: 0 as a rule, little when rows were numbered anew after one
   * was put in or taken out. Null: its fields do not have its hash.
   */
  function findOffset(row: AuditRow): number | null {
    const offsets = [0, shift];
    for (let step = 1; step <= MAX_SHIFT; step++) offsets.push(step, -step);
    return offsets.find((step) => hashAuditRow(row.seq + step, row.prevHash, row) === row.hash) ?? null;
  }

  /** When rows are numbered anew, those behind are as well; otherwise two were just swapped. */
  function isPlausible(offset: number, next: Held | null): boolean {
    return offset === 0 || offset === shift || (next === null ? offset > 0 : next.offset === offset);
  }

  function noteMissing(gap: Gap): void {
    if (!keep(missing, gap)) reportMissing(gap);
  }

  function reportMissing({ from, to, isTail }: Gap): void {
    const where = `${nameRows(from, to)}${isTail ? ' at the end of the log' : ''}`;
    const detail = `${where} ${from === to ? 'is' : 'are'} missing`;
    faults.report(isTail ? 'cut_tail' : 'missing_rows', { seq: from, id: null }, detail, to);
  }

  function keepStray(row: AuditRow): void {
    if (!keep(strays, row)) faults.report('inserted_row', row, `row ${row.seq} was put in`);
  }

  /** Rows behind it were numbered anew, or the same number is there twice. */
  function reportInserted(row: AuditRow, seq: number): void {
    const at = seq < row.seq ? { seq: row.seq - 1, id: last.id } : row;
    faults.report('inserted_row', at, `row ${at.seq} was put in`);
  }

  /** Its fields have their hash, were it not for `prev_hash`. */
  function isJustUnlinked(row: AuditRow, follows: boolean | null): boolean {
    const [hash = ''] = last.hashes;
    if (follows !== false || hashAuditRow(row.seq + shift, hash, row) !== row.hash) return false;
    faults.report('changed_link', row, `prev_hash of row ${row.seq} was changed; its fields are as they were`);
    return true;
  }

  /** What comes next says which hash the row before had: when it is that of its fields, just its hash was changed. */
  function settleChanged(next: string): void {
    const { changed: row, hashes } = last;
    if (row === null || hashes[1] !== next) return;
    const index = changed.indexOf(row);
    if (index === -1) return;
    changed.splice(index, 1);
    faults.report('changed_link', row, `the hash of row ${row.seq} was changed; its fields are as they were`);
  }

  function comparePoint(row: AuditRow, seq: number, hash: string): void {
    const point = points.get(seq);
    if (point === undefined) return;
    points.delete(seq);
    if (point.hash === hash) return;
    const detail = `row ${seq} is not that of the checkpoint of ${point.at}: the log up to there was written anew`;
    faults.report('checkpoint', row, detail);
  }

  function checkHead(): void {
    if (head === undefined) {
      faults.report('wrong_head', last, 'the head of the log is missing, so nobody can tell where the log ended');
      return;
    }
    seal.checkHead(head);
    const { seq, hash } = head;
    if (last.seq < seq) {
      noteMissing({ from: last.seq + 1, to: seq, isTail: true });
    } else if (last.seq > seq) {
      const detail = `${nameRows(seq + 1, last.seq)} come after what the head of the log has for its last row`;
      faults.report('inserted_row', { seq: seq + 1, id: null }, detail, last.seq);
    } else if (last.sound && !last.hashes.includes(hash)) {
      const detail = `the head of the log does not have the hash of the last row, ${seq}`;
      faults.report('wrong_head', { seq, id: null }, detail);
    }
  }

  function reportDisplaced(): void {
    for (const row of strays) {
      const gaps = missing.filter(({ from, to }) => from === to).map(({ from }) => from);
      const seq = findOriginalSeq(row, gaps);
      if (seq === undefined) faults.report('inserted_row', row, `row ${row.seq} was put in`);
      else {
        missing.splice(
          missing.findIndex(({ from, to }) => from === seq && to === seq),
          1,
        );
        faults.report('moved_row', { seq, id: row.id }, `row ${seq} was given the number ${row.seq}`);
      }
    }
    for (const gap of missing) reportMissing(gap);
    for (const [one, other] of findSwaps(changed)) {
      for (const row of [one, other]) changed.splice(changed.indexOf(row), 1);
      faults.report('swapped_rows', one, `rows ${one.seq} and ${other.seq} were swapped`, other.seq);
    }
  }

  function reportChanged(row: AuditRow): void {
    faults.report('changed_row', row, `row ${row.seq} was changed`);
  }
}

interface Gap {
  from: number;
  to: number;
  isTail: boolean;
}

interface Held {
  row: AuditRow;
  offset: number | null;
}

interface Walked {
  /** The number that the row had when it was written. */
  seq: number;
  id: string | null;
  /** What the next row may have for `prev_hash`: what the row says that its hash is, and what it is. */
  hashes: readonly string[];
  /** Nothing was found wrong with it. */
  sound: boolean;
  /** The row itself where its fields do not have its hash. */
  changed: AuditRow | null;
}

function keep<T>(list: T[], item: T): boolean {
  if (list.length >= MAX_KEPT) return false;
  list.push(item);
  return true;
}
