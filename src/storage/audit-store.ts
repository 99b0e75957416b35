import type { Kysely } from 'kysely';
import { fromAuditRow, insertAudit } from './audit-rows.ts';
import type { Database } from './database.ts';
import type { AuditStore } from './storage.ts';
import type { Writer } from './writer.ts';

/** Newest first. */
export function createAuditStore(reads: Kysely<Database>, write: Writer): AuditStore {
  return {
    append: (entry) => write((context) => insertAudit(context, [entry])),
    async list({ objectId, action, page, pageSize }) {
      let matching = reads.selectFrom('audit_log');
      if (objectId !== undefined) matching = matching.where('object_id', '=', objectId);
      if (action !== undefined) matching = matching.where('action', '=', action);
      const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      const rows = await matching
        .selectAll()
        .orderBy('at_ms', 'desc')
        .orderBy('id', 'desc')
        .limit(pageSize)
        .offset((page - 1) * pageSize)
        .execute();
      return { rows: rows.map(fromAuditRow), total };
    },
  };
}
