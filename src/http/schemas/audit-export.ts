/** The audit log as a file: a line of JSON for each row, or a table for spreadsheets. */
import { type AuditEntryOutput, AuditEntryReply } from './audit.ts';

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
    header: `${COLUMNS.join(',')}\r\n`,
    toLine: (entry) => `${COLUMNS.map((column) => toCell(entry[column])).join(',')}\r\n`,
  },
};

/** A spreadsheet takes a cell that begins so for a formula, spaces before it or not. */
const FORMULA = /^\s*[=+\-@\t\r|%]/;

function toCell(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
