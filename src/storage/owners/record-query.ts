/** Statements over a record table. Tables and columns come from descriptors, so Kysely is told of them by name only. */
import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { RecordTable, Row } from './record-table.ts';

/** Any table with any columns: descriptors know better than types could. */
export type AnyDatabase = Record<string, Record<string, unknown>>;
export type AnyKysely = Kysely<AnyDatabase>;
export type AnyExpressions = ExpressionBuilder<AnyDatabase, string>;

export function untyped(db: Kysely<Database>): AnyKysely {
  return db as unknown as AnyKysely;
}

export type Where<R> = { readonly [F in keyof R]?: R[F] | readonly R[F][] };

export function columnsOf<R>(table: RecordTable<R>): string[] {
  return table.columns.map(({ column }) => `${table.name}.${column}`);
}

/** One condition for each field that is named. */
export function buildWhere<R>(eb: AnyExpressions, table: RecordTable<R>, where: Where<R>): Expression<SqlBool>[] {
  return table.columns.flatMap(({ field, column, codec }) => {
    const wanted = (where as Row)[field];
    if (wanted === undefined) return [];
    const ref = `${table.name}.${column}`;
    if (wanted === null) return [eb(ref, 'is', null)];
    if (!Array.isArray(wanted)) return [eb(ref, '=', codec === 'flag' ? Number(wanted) : wanted)];
    return [wanted.length === 0 ? sql<boolean>`1 = 0` : eb(ref, 'in', wanted)];
  });
}

/** One condition for each field that a text is looked for in. */
export function buildContains<R>(
  table: RecordTable<R>,
  contains: { readonly [F in keyof R]?: string },
): Expression<SqlBool>[] {
  return table.columns.flatMap(({ field, column }) => {
    const part = (contains as Row)[field];
    if (typeof part !== 'string' || part === '') return [];
    const text = sql`lower(${sql.ref(`${table.name}.${column}`)})`;
    return [sql<boolean>`${text} like ${toPattern(part)} escape '\\'`];
  });
}

/** For `like … escape '\\'`: texts that hold this one, in lower case. */
export function toPattern(part: string): string {
  return `%${part.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
}

/** The record with this key, living or not. */
export function buildKeyWhere<R>(
  eb: AnyExpressions,
  table: RecordTable<R>,
  key: readonly string[],
): Expression<SqlBool> {
  return eb.and(
    table.key.map((field, index) => {
      const column = table.columns.find((candidate) => candidate.field === field)?.column ?? field;
      return eb(`${table.name}.${column}`, '=', key[index]);
    }),
  );
}
