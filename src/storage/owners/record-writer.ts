import type { OwnerTable } from '../../core/change-event.ts';
import type { WriteContext } from '../writer.ts';
import type { RecordWriter } from './owner-storage.ts';
import { buildKeyWhere, buildWhere, columnsOf, untyped } from './record-query.ts';
import { fromRow, type RecordTable, type Row, toRow } from './record-table.ts';

/** A table inside a transaction. Each write is announced, so that whoever caches the record lets go of it. */
export function createRecordWriter<R extends object>(
  { trx, dialect, announce }: WriteContext,
  table: RecordTable<R>,
): RecordWriter<R> {
  const db = untyped(trx);
  const columns = columnsOf(table);
  const living = () => {
    const query = db.selectFrom(table.name).select(columns).where(`${table.name}.deleted_at_ms`, 'is', null);
    // On SQLite whoever writes is alone.
    return dialect === 'postgres' ? query.forUpdate() : query;
  };
  const announceRecord = (record: R): void => {
    const values = record as Row;
    const [id = '', userId = null] = table.key.map((field) => values[field] as string);
    const usable = values.deletedAtMs === null && values.blocked !== true;
    announce({ kind: 'owner', table: table.name as OwnerTable, id, userId, usable });
  };
  const keyColumns = table.columns.filter(({ field }) => (table.key as readonly string[]).includes(field));

  return {
    async find(key) {
      const row = await living()
        .where((eb) => buildKeyWhere(eb, table, key))
        .executeTakeFirst();
      return row && fromRow(table, row);
    },
    async findWhere(where) {
      let query = living().where((eb) => eb.and(buildWhere(eb, table, where)));
      // One order for all, so that two transactions never wait for each other.
      for (const { column } of keyColumns) query = query.orderBy(`${table.name}.${column}`);
      return (await query.execute()).map((row) => fromRow(table, row));
    },
    async insert(record) {
      const row = toRow(table, record);
      const written = await db
        .insertInto(table.name)
        .values(row)
        .onConflict((conflict) =>
          conflict
            .columns(keyColumns.map(({ column }) => column))
            .doUpdateSet(row)
            .where(`${table.name}.deleted_at_ms`, 'is not', null),
        )
        .returning(keyColumns.map(({ column }) => column))
        .executeTakeFirst();
      if (written !== undefined) announceRecord(record);
      return written !== undefined;
    },
    async update(record) {
      const key = table.key.map((field) => (record as Row)[field] as string);
      await db
        .updateTable(table.name)
        .set(toRow(table, record))
        .where((eb) => buildKeyWhere(eb, table, key))
        .execute();
      announceRecord(record);
    },
  };
}
