/** What a takeover did, table by table. Nothing in it is a secret. */

/** Something that could not be taken over as it stands. */
export interface Finding {
  /**
   * `field`: the row was taken, this of it was not. `row`: the row was not taken. `conflict`: there is something else under
   * that name here already, which stays as it is.
   */
  kind: 'field' | 'row' | 'conflict';
  /** The row, by the name that it has there. */
  row: string;
  /** Null: the row as a whole. */
  field: string | null;
  why: string;
}

/** A column that has no place here, and in how many rows it says something. */
export interface UnusedColumn {
  column: string;
  rows: number;
  why: string;
}

export interface TableReport {
  /** By its name there. */
  table: string;
  rows: number;
  /** Written now; in a dry run: would have been. */
  taken: number;
  /** Here already, the same. */
  unchanged: number;
  /** Here already, and not the same: nothing was done. */
  conflicts: number;
  /** Not to be expressed here. */
  notMapped: number;
  /** The first thousand. */
  findings: Finding[];
  findingCount: number;
  unusedColumns: UnusedColumn[];
}

const MAX_FINDINGS = 1_000;

export function emptyReport(table: string): TableReport {
  const counts = { rows: 0, taken: 0, unchanged: 0, conflicts: 0, notMapped: 0, findingCount: 0 };
  return { table, ...counts, findings: [], unusedColumns: [] };
}

export function addFindings(report: TableReport, findings: readonly Finding[]): void {
  report.findingCount += findings.length;
  report.findings.push(...findings.slice(0, MAX_FINDINGS - report.findings.length));
}

export function addUnused(report: TableReport, unused: Omit<UnusedColumn, 'rows'>): void {
  const known = report.unusedColumns.find(({ column }) => column === unused.column);
  if (known === undefined) report.unusedColumns.push({ ...unused, rows: 1 });
  else known.rows += 1;
}
