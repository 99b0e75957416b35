/** Rows that are at another place than they were written, found among those that do not fit where they are. */
import { type AuditRow, hashAuditRow } from './audit-chain.ts';

/** Beyond so many rows nobody asks which of them were swapped. */
const MOST_COMPARED = 60;

/** Pairs of rows that have each other's place, whichever of their columns were exchanged. */
export function findSwaps(changed: readonly AuditRow[]): [AuditRow, AuditRow][] {
  const rows = changed.slice(0, MOST_COMPARED);
  const swaps: [AuditRow, AuditRow][] = [];
  const taken = new Set<AuditRow>();
  rows.forEach((one, index) => {
    if (taken.has(one)) return;
    const other = rows.slice(index + 1).find((row) => !taken.has(row) && fits(one, row) && fits(row, one));
    if (other === undefined) return;
    taken.add(one).add(other);
    swaps.push([one, other]);
  });
  return swaps;
}

/** Would this row, at the other's place, have one of the two hashes? */
function fits(row: AuditRow, other: AuditRow): boolean {
  return [row, { ...row, id: other.id }].some((candidate) =>
    [row.prevHash, other.prevHash].some((prevHash) => {
      const hash = hashAuditRow(other.seq, prevHash, candidate);
      return hash === row.hash || hash === other.hash;
    }),
  );
}

/** The number among these that the row was written with. */
export function findOriginalSeq(row: AuditRow, seqs: readonly number[]): number | undefined {
  return seqs.slice(0, MOST_COMPARED).find((seq) => hashAuditRow(seq, row.prevHash, row) === row.hash);
}
