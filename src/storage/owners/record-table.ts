import type { OwnerTable } from '../../core/change-event.ts';
import type { OwnerKind } from '../../core/owner.ts';

/** How a field's value stands in its column. `flag`: 0 and 1; `json`: text. */
type Codec = 'plain' | 'flag' | 'json';

export interface Column {
  field: string;
  column: string;
  codec: Codec;
}

/** A table whose rows are records of one kind, field by field. */
export interface RecordTable<R> {
  name: OwnerTable;
  /** The fields that make up the primary key, in order. */
  key: readonly (keyof R & string)[];
  columns: readonly Column[];
  /** Fields whose lower-case text a search looks through; empty: there is no search. */
  searched: readonly (keyof R & string)[];
  /** As what its records spend, where they do. */
  spendsAs?: OwnerKind;
}

export type Row = Record<string, unknown>;

/** A field of the same name, in snake_case and as it is. */
export function plain(field: string): Column {
  return { field, column: toSnakeCase(field), codec: 'plain' };
}

export function flag(field: string): Column {
  return { field, column: toSnakeCase(field), codec: 'flag' };
}

export function json(field: string): Column {
  return { field, column: toSnakeCase(field), codec: 'json' };
}

/** A record as its row; what a search looks through is derived and never read back. */
export function toRow<R extends object>(table: RecordTable<R>, record: R): Row {
  const values = record as Row;
  const row: Row = {};
  for (const { field, column, codec } of table.columns) row[column] = encode(codec, values[field]);
  if (table.searched.length > 0) {
    row.search_text = table.searched.map((field) => String(values[field] ?? '').toLowerCase()).join('\n');
  }
  return row;
}

export function fromRow<R extends object>(table: RecordTable<R>, row: Row): R {
  const record: Row = {};
  for (const { field, column, codec } of table.columns) record[field] = decode(codec, row[column]);
  return record as R;
}

function encode(codec: Codec, value: unknown): unknown {
  if (codec === 'plain' || value === null) return value;
  return codec === 'flag' ? Number(value) : JSON.stringify(value);
}

function decode(codec: Codec, value: unknown): unknown {
  if (codec === 'plain' || value === null) return value;
  return codec === 'flag' ? value === 1 : JSON.parse(value as string);
}

function toSnakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
