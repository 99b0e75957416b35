import { type Expression, type Kysely, type SqlBool, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { RecordQuery, RecordReader } from './owner-storage.ts';
import { type AnyExpressions, buildKeyWhere, buildWhere, columnsOf, untyped } from './record-query.ts';
import { fromRow, type RecordTable } from './record-table.ts';
import { buildScope } from './scope-filters.ts';

/** A statement takes a limited number of values. */
const BATCH = 500;

export function createRecordReader<R extends object>(reads: Kysely<Database>, table: RecordTable<R>): RecordReader<R> {
  const db = untyped(reads);
  const columns = columnsOf(table);
  const deletedAt = `${table.name}.deleted_at_ms`;

  function filters(eb: AnyExpressions, { scope, where, search, deleted }: RecordQuery<R>) {
    const parts: Expression<SqlBool>[] = [
      eb(deletedAt, deleted === true ? 'is not' : 'is', null),
      ...buildWhere(eb, table, where ?? {}),
    ];
    const visible = buildScope(eb, table.name, scope);
    if (visible !== undefined) parts.push(visible);
    if (search !== undefined && search !== '' && table.searched.length > 0) {
      const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
      parts.push(sql<boolean>`${sql.ref(`${table.name}.search_text`)} like ${pattern} escape '\\'`);
    }
    return eb.and(parts);
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
      const sorted = table.columns.find(({ field }) => field === (query.sortBy ?? 'createdAtMs'));
      if (sorted === undefined) throw new Error(`${table.name} has no field ${String(query.sortBy)}`);
      const { column } = sorted;
      // Said of a column that is never null, "nulls last" would keep PostgreSQL from its index.
      const nullable = !['created_at_ms', 'updated_at_ms', 'id'].includes(column);
      let ordered = matching
        .select(columns)
        .orderBy(`${table.name}.${column}`, (by) => (nullable ? by[order]().nullsLast() : by[order]()));
      for (const field of table.key) {
        const name = table.columns.find((candidate) => candidate.field === field)?.column ?? field;
        if (name !== column) ordered = ordered.orderBy(`${table.name}.${name}`, order);
      }
      const rows = await ordered.limit(query.limit).offset(query.offset).execute();
      return { records: rows.map((row) => fromRow(table, row)), total: Number(total) };
    },
  };
}
