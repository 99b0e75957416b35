import type { Installation } from '../cli-io.ts';
import { formatTable } from '../format-table.ts';

type Takeover = Awaited<ReturnType<Installation['takeOverFromLitellm']>>;
type Table = Takeover['tables'][number];
type Finding = Table['findings'][number];

/** The report for programs. */
export function toTakeoverJson({ dryRun, tables, otherTables }: Takeover, from: string) {
  return {
    dry_run: dryRun,
    from,
    taken: sum(tables, 'taken'),
    unchanged: sum(tables, 'unchanged'),
    conflicts: sum(tables, 'conflicts'),
    not_mapped: sum(tables, 'notMapped'),
    tables: tables.map(({ notMapped, findingCount, unusedColumns, findings, ...table }) => ({
      ...table,
      not_mapped: notMapped,
      finding_count: findingCount,
      findings,
      unused_columns: unusedColumns,
    })),
    other_tables: otherTables,
  };
}

/** The report for people. */
export function showTakeover({ dryRun, tables, otherTables }: Takeover, from: string): string {
  const parts = [`${dryRun ? 'Would be taken over' : 'Taken over'} from ${from}:`, formatTable(COLUMNS, tables)];
  const findings = tables.flatMap(({ table, findings: found }) => found.map((finding) => ({ ...finding, table })));
  if (findings.length > 0)
    parts.push('What could not be taken over as it stands:', formatTable(FINDING_COLUMNS, findings));
  const more = sum(tables, 'findingCount') - findings.length;
  if (more > 0) parts.push(`… and ${more} more.`);
  const unused = tables.flatMap(({ table, unusedColumns }) => unusedColumns.map((column) => ({ ...column, table })));
  if (unused.length > 0) parts.push('Columns that were left out:', formatTable(UNUSED_COLUMNS, unused));
  if (otherTables.length > 0) parts.push(`Tables of which nothing was taken over: ${otherTables.join(', ')}`);
  if (dryRun) parts.push('Nothing was written.');
  return parts.join('\n\n');
}

const COLUMNS = [
  { title: 'TABLE', value: (table: Table) => table.table },
  { title: 'ROWS', value: (table: Table) => String(table.rows), align: 'right' as const },
  { title: 'TAKEN', value: (table: Table) => String(table.taken), align: 'right' as const },
  { title: 'UNCHANGED', value: (table: Table) => String(table.unchanged), align: 'right' as const },
  { title: 'CONFLICTS', value: (table: Table) => String(table.conflicts), align: 'right' as const },
  { title: 'NOT MAPPED', value: (table: Table) => String(table.notMapped), align: 'right' as const },
];

type Named<T> = T & { table: string };

const FINDING_COLUMNS = [
  { title: 'WHAT', value: (finding: Named<Finding>) => finding.kind },
  { title: 'TABLE', value: (finding: Named<Finding>) => finding.table },
  { title: 'ROW', value: (finding: Named<Finding>) => finding.row },
  { title: 'FIELD', value: (finding: Named<Finding>) => finding.field ?? '-' },
  { title: 'WHY', value: (finding: Named<Finding>) => finding.why },
];

type Unused = Named<Table['unusedColumns'][number]>;

const UNUSED_COLUMNS = [
  { title: 'TABLE', value: (column: Unused) => column.table },
  { title: 'COLUMN', value: (column: Unused) => column.column },
  { title: 'ROWS', value: (column: Unused) => String(column.rows), align: 'right' as const },
  { title: 'WHY', value: (column: Unused) => column.why },
];

function sum(
  tables: readonly Table[],
  field: 'taken' | 'unchanged' | 'conflicts' | 'notMapped' | 'findingCount',
): number {
  return tables.reduce((total, table) => total + table[field], 0);
}
