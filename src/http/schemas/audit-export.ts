/** The audit log as a file: a line of JSON for each row, or a table for spreadsheets. */
import { type AuditEntryOutput, AuditEntryReply } from './audit.ts';
import { toCsvLine } from './csv.ts';

const COLUMNS = Object.keys(AuditEntryReply.shape) as (keyof AuditEntryOutput)[];

export interface ExportFormat {
  contentType: string;
  header: string;
  toLine(entry: AuditEntryOutput): string;
}

export const EXPORT_FORMATS: Readonly<Record<'ndjson' | 'csv', ExportFormat>> = {
  ndjson: {
    contentType: 'application/x-ndjson; charset=utf-8',
    header: '',
    toLine: (entry) => `${JSON.stringify(entry)}\n`,
  },
  csv: {
    contentType: 'text/csv; charset=utf-8',
    header: toCsvLine(COLUMNS),
    toLine: (entry) => toCsvLine(COLUMNS.map((column) => entry[column])),
  },
};
