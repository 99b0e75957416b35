import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { Database, DialectName } from '../database.ts';
import type { AuditFilter, AuditStore } from '../storage.ts';
import type { Writer } from '../writer.ts';
import { buildAuditFilters, findObjectNames, pickAuditIndex } from './audit-filters.ts';
import { fromAuditColumns, fromAuditText } from './audit-rows.ts';
import { readAuditEnd } from './read-end.ts';

/** A page of an export looks through at most so many rows, so that no single query keeps others waiting. */
const PAGE_SPAN = 20_000;
/** So many rows beyond the page asked for are counted. */
const COUNTED_AHEAD = 10_000;

export function createAuditStore(reads: Kysely<Database>, dialect: DialectName, write: Writer): AuditStore {
  const lastSeq = async () => {
    const row = await reads
      .selectFrom('audit_log')
      .select((eb) => eb.fn.max('seq').as('seq'))
      .executeTakeFirst();
    return row?.seq ?? 0;
  };
  const namesOf = (objectId: string | undefined) => (objectId === undefined ? null : findObjectNames(reads, objectId));

  const countUpTo = async (matching: SelectQueryBuilder<Database, 'audit_log', { seq: number }>, most: number) => {
    const counted = reads.selectFrom(matching.limit(most).as('matching'));
    return (await counted.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()).total;
  };
  const pickIndex = (filter: AuditFilter) => (dialect === 'sqlite' ? pickAuditIndex(filter) : 'any');

  return {
    append: (entry) => write(async (context) => context.audit([entry])),

    async list({ page, pageSize, sortBy = 'at_ms', sortOrder = 'desc', ...filter }) {
      const object = await namesOf(filter.objectId);
      const matching = reads
        .selectFrom('audit_log')
        .where((eb) => eb.and(buildAuditFilters(eb, filter, object, pickIndex(filter))));
      const atMost = page * pageSize + COUNTED_AHEAD;
      // Rows are numbered without a gap, so all of them need not be counted.
      const isWhole = Object.values(filter).every((value) => value === undefined);
      const total = isWhole ? await lastSeq() : await countUpTo(matching.select('audit_log.seq'), atMost);
      let query = matching.selectAll().orderBy(sortBy, sortOrder);
      if (sortBy !== 'at_ms') query = query.orderBy('at_ms', sortOrder);
      const rows = await query
        .orderBy('seq', sortOrder)
        .limit(pageSize)
        .offset((page - 1) * pageSize)
        .execute();
      return {
        rows: rows.map((row) => fromAuditText(fromAuditColumns(row))),
        total,
        isTotalExact: isWhole || total < atMost,
      };
    },

    async find(id) {
      const row = await reads.selectFrom('audit_log').selectAll().where('id', '=', id).executeTakeFirst();
      return row && fromAuditText(fromAuditColumns(row));
    },

    async *readAll(filter, limit) {
      const object = await namesOf(filter.objectId);
      const end = await lastSeq();
      for (let seq = 0; seq < end; ) {
        const upTo = Math.min(seq + PAGE_SPAN, end);
        const page = await reads
          .selectFrom('audit_log')
          .selectAll()
          .where('seq', '>', seq)
          .where('seq', '<=', upTo)
          .where((eb) => eb.and(buildAuditFilters(eb, filter, object, dialect === 'sqlite' ? 'none' : 'any')))
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
