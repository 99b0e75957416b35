import type { Kysely } from 'kysely';
import type { Database, DialectName } from '../database.ts';
import type { AuditStore } from '../storage.ts';
import type { Writer } from '../writer.ts';
import { buildAuditFilters, findObjectNames } from './audit-filters.ts';
import { fromAuditColumns, fromAuditText } from './audit-rows.ts';
import { readAuditEnd } from './read-end.ts';

/** A page of an export looks through at most so many rows, so that no single query keeps others waiting. */
const PAGE_SPAN = 20_000;

export function createAuditStore(reads: Kysely<Database>, dialect: DialectName, write: Writer): AuditStore {
  const lastSeq = async () => {
    const row = await reads
      .selectFrom('audit_log')
      .select((eb) => eb.fn.max('seq').as('seq'))
      .executeTakeFirst();
    return row?.seq ?? 0;
  };
  const namesOf = (objectId: string | undefined) => (objectId === undefined ? null : findObjectNames(reads, objectId));

  return {
    append: (entry) => write(async (context) => context.audit([entry])),

    async list({ page, pageSize, sortBy = 'at_ms', sortOrder = 'desc', ...filter }) {
      const object = await namesOf(filter.objectId);
      const matching = reads
        .selectFrom('audit_log')
        .where((eb) => eb.and(buildAuditFilters(eb, filter, object, false)));
      // Rows are numbered without a gap, so all of them need not be counted.
      const counted = Object.values(filter).some((value) => value !== undefined)
        ? await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
        : { total: await lastSeq() };
      let query = matching.selectAll().orderBy(sortBy, sortOrder);
      if (sortBy !== 'at_ms') query = query.orderBy('at_ms', sortOrder);
      const rows = await query
        .orderBy('seq', sortOrder)
        .limit(pageSize)
        .offset((page - 1) * pageSize)
        .execute();
      return { rows: rows.map((row) => fromAuditText(fromAuditColumns(row))), total: counted.total };
    },

    async find(id) {
      const row = await reads.selectFrom('audit_log').selectAll().where('id', '=', id).executeTakeFirst();
      return row && fromAuditText(fromAuditColumns(row));
    },

    async *readAll(filter, limit) {
      const object = await namesOf(filter.objectId);
      const end = await lastSeq();
      const inOrder = dialect === 'sqlite';
      for (let seq = 0; seq < end; ) {
        const upTo = Math.min(seq + PAGE_SPAN, end);
        const page = await reads
          .selectFrom('audit_log')
          .selectAll()
          .where('seq', '>', seq)
          .where('seq', '<=', upTo)
          .where((eb) => eb.and(buildAuditFilters(eb, filter, object, inOrder)))
          .orderBy('seq')
          .limit(limit)
          .execute();
        yield page.map((row) => fromAuditText(fromAuditColumns(row)));
        seq = page.length < limit ? upTo : (page.at(-1)?.seq ?? upTo);
      }
    },

    end: () => readAuditEnd(reads),
  };
}
