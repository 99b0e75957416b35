import type { Insertable, Selectable } from 'kysely';
import type { AuditEntry } from '../core/audit.ts';
import type { AuditLogTable } from './database.ts';
import type { WriteContext } from './writer.ts';

const BATCH = 500;

/** Writes audit entries as part of the transaction of the act itself. */
export async function insertAudit({ trx }: Pick<WriteContext, 'trx'>, entries: readonly AuditEntry[]): Promise<void> {
  for (let start = 0; start < entries.length; start += BATCH) {
    const rows = entries.slice(start, start + BATCH).map(toAuditRow);
    await trx.insertInto('audit_log').values(rows).execute();
  }
}

function toAuditRow(entry: AuditEntry): Insertable<AuditLogTable> {
  return {
    id: entry.id,
    at_ms: entry.atMs,
    changed_by: entry.changedBy,
    changed_by_hash: entry.changedByHash,
    request_id: entry.requestId,
    source_ip: entry.sourceIp,
    action: entry.action,
    table_name: entry.tableName,
    object_id: entry.objectId,
    before: entry.before === null ? null : JSON.stringify(entry.before),
    after: entry.after === null ? null : JSON.stringify(entry.after),
  };
}

export function fromAuditRow(row: Selectable<AuditLogTable>): AuditEntry {
  return {
    id: row.id,
    atMs: row.at_ms,
    changedBy: row.changed_by,
    changedByHash: row.changed_by_hash,
    requestId: row.request_id,
    sourceIp: row.source_ip,
    action: row.action as AuditEntry['action'],
    tableName: row.table_name,
    objectId: row.object_id,
    before: row.before === null ? null : JSON.parse(row.before),
    after: row.after === null ? null : JSON.parse(row.after),
  };
}
