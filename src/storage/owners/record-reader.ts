import { type Expression, type Kysely, type SqlBool, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { RecordQuery, RecordReader } from './owner-storage.ts';
import {
  type AnyExpressions,
  buildContains,
  buildKeyWhere,
  buildWhere,
  columnsOf,
  toPattern,
  untyped,
} from './record-query.ts';
import { fromRow, type RecordTable } from './record-table.ts';
import { buildScope } from './scope-filters.ts';

/** A statement takes a limited number of values. */
const BATCH = 500;

export function createRecordReader<R extends object>(reads: Kysely<Database>, table: RecordTable<R>): RecordReader<R> {
  const db = untyped(reads);
  const columns = columnsOf(table);
  const deletedAt = `${table.name}.deleted_at_ms`;

  function filters(eb: AnyExpressions, { scope, where, search, contains, deleted }: RecordQuery<R>) {
    const parts: Expression<SqlBool>[] = [
      eb(deletedAt, deleted === true ? 'is not' : 'is', null),
      ...buildWhere(eb, table, where ?? {}),
      ...buildContains(table, contains ?? {}),
    ];
    const visible = buildScope(eb, table.name, scope);
    if (visible !== undefined) parts.push(visible);
    if (search !== undefined && search !== '' && table.searched.length > 0) {
      parts.push(sql<boolean>`${sql.ref(`${table.name}.search_text`)} like ${toPattern(search)} escape '\\'`);
    }
    return eb.and(parts);
  }

  function sortOf(field: string): { column: string; expression: Expression<unknown> } {
    const { name, spendsAs } = table;
    if (field === 'spend' && spendsAs !== undefined) {
      const counter = sql`${sql.lit(`${spendsAs}:`)} || ${sql.ref(`${name}.id`)} || '/spend'`;
      const spent = sql`coalesce((select nano_usd from balances where counter = ${counter}), 0)`;
      return { column: 'spend', expression: spent };
    }
    const found = table.columns.find((candidate) => candidate.field === field);
    if (found === undefined) throw new Error(`${name} has no field ${field}`);
    return { column: found.column, expression: sql.ref(`${name}.${found.column}`) };
  }

  return {
    async find(key, options = {}) {
      let query = db
        .selectFrom(table.name)
        .select(columns)
        .where((eb) => buildKeyWhere(eb, table, key));
      if (options.includeDeleted !== true) query = query.where(deletedAt, 'is', null);
      const row = await query.executeTakeFirst();
      return row && fromRow(table, row);
    },
    async findMany(ids, options = {}) {
      const records: R[] = [];
      for (let start = 0; start < ids.length; start += BATCH) {
        let query = db
          .selectFrom(table.name)
          .select(columns)
          .where(`${table.name}.id`, 'in', ids.slice(start, start + BATCH));
        if (options.includeDeleted !== true) query = query.where(deletedAt, 'is', null);
        records.push(...(await query.execute()).map((row) => fromRow(table, row)));
      }
      return records;
    },
    async list(query) {
      const matching = db.selectFrom(table.name).where((eb) => filters(eb, query));
      const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      if (query.offset >= Number(total) || query.limit === 0) return { records: [], total: Number(total) };
      const order = query.sortOrder ?? 'desc';
      const { column, expression } = sortOf(query.sortBy ?? 'createdAtMs');
      // Said of a column that is never null, "nulls last" would keep PostgreSQL from its index.
      const nullable = !['created_at_ms', 'updated_at_ms', 'id', 'spend'].includes(column);
      let ordered = matching
        .select(columns)
        .orderBy(expression, (by) => (nullable ? by[order]().nullsLast() : by[order]()));
      for (const field of table.key) {
        const name = table.columns.find((candidate) => candidate.field === field)?.column ?? field;
        if (name !== column) ordered = ordered.orderBy(`${table.name}.${name}`, order);
      }
      const rows = await ordered.limit(query.limit).offset(query.offset).execute();
      return { records: rows.map((row) => fromRow(table, row)), total: Number(total) };
    },
  };
}
