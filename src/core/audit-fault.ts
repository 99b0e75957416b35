/** Something that is not as it was written, and where. */
export interface AuditFault {
  kind: AuditFaultKind;
  /** The first row that is concerned; for what concerns none, 0. */
  seq: number;
  /** The last one; the same where it is just one row. */
  lastSeq: number;
  /** Id of the row at `seq`, where there is one. */
  id: string | null;
  /** In a sentence. */
  detail: string;
}

export type AuditFaultKind =
  /** The row's fields are not those that were hashed. */
  | 'changed_row'
  /** Only the row's `hash` or `prev_hash` was changed. */
  | 'changed_link'
  /** The row is not what the gateway wrote, though its hash fits; or only its seal was changed. */
  | 'wrong_seal'
  /** Sealed under a salt key that is not here, so nothing can be said. */
  | 'foreign_seal'
  | 'missing_rows'
  | 'cut_tail'
  | 'inserted_row'
  | 'swapped_rows'
  /** The row is elsewhere than it was written. */
  | 'moved_row'
  /** The row does not follow from the one before it, and each fits by itself. */
  | 'broken_link'
  | 'wrong_head'
  /** The gateway itself found the end of the log out of order at this place, and went on. */
  | 'resumed'
  /** The log is not the one that a checkpoint was made of. */
  | 'checkpoint'
  /** The database's own index or page does not fit its table. */
  | 'damaged_storage';

/** `row 5` or `rows 5 to 7`. */
export function nameRows(first: number, last: number): string {
  return first === last ? `row ${first}` : `rows ${first} to ${last}`;
}

/** Keeps the first faults and counts all of them: a log can be damaged from end to end. */
export interface FaultList {
  report(kind: AuditFaultKind, row: { seq: number; id: string | null }, detail: string, lastSeq?: number): void;
  count(): number;
  /** In the order of their rows. */
  list(): AuditFault[];
}

const MAX_FAULTS = 100;

export function createFaultList(): FaultList {
  const faults: AuditFault[] = [];
  let count = 0;
  return {
    report(kind, { seq, id }, detail, lastSeq = seq) {
      count += 1;
      if (faults.length < MAX_FAULTS) faults.push({ kind, seq, lastSeq, id, detail });
    },
    count: () => count,
    list: () => [...faults].sort((a, b) => a.seq - b.seq),
  };
}
