import type { Insertable, Selectable } from 'kysely';
import type { AuditEntry } from '../../core/audit.ts';
import type { AuditRow, AuditText } from '../../core/audit-chain.ts';
import type { AuditLogTable } from '../database.ts';

/** What the databases would not give back as it was: U+0000, and halves of surrogate pairs. */
const UNSTORABLE = /[\0\ud800-\udfff]/;

/** The entry as its row is going to keep it: what is hashed now has to come back the same. */
export function toAuditText(entry: AuditEntry): AuditText {
  const text = { ...entry, before: toJsonText(entry.before), after: toJsonText(entry.after) };
  for (const [name, value] of Object.entries(text)) {
    if (typeof value !== 'string' || !UNSTORABLE.test(value)) continue;
    (text as Record<string, unknown>)[name] = Buffer.from(value.replaceAll('\0', '\ufffd')).toString();
  }
  return text;
}

function toJsonText(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

export function fromAuditText(row: AuditRow): AuditEntry & AuditRow {
  return { ...row, before: parse(row.before), after: parse(row.after) } as AuditEntry & AuditRow;
}

function parse(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

export function toAuditColumns(row: AuditRow): Insertable<AuditLogTable> {
  return {
    seq: row.seq,
    id: row.id,
    at_ms: row.atMs,
    action: row.action,
    table_name: row.tableName,
    object_id: row.objectId,
    object_key_id: row.objectKeyId,
    object_name: row.objectName,
    changed_by: row.changedBy,
    changed_by_hash: row.changedByHash,
    caller_kind: row.callerKind,
    caller_user_id: row.callerUserId,
    caller_key_id: row.callerKeyId,
    caller_session_id: row.callerSessionId,
    request_id: row.requestId,
    source_ip: row.sourceIp,
    user_agent: row.userAgent,
    route: row.route,
    before: row.before,
    after: row.after,
    prev_hash: row.prevHash,
    hash: row.hash,
    mac: row.mac,
  };
}

export function fromAuditColumns(row: Selectable<AuditLogTable>): AuditRow {
  return {
    seq: row.seq,
    id: row.id,
    atMs: row.at_ms,
    action: row.action as AuditEntry['action'],
    tableName: row.table_name,
    objectId: row.object_id,
    objectKeyId: row.object_key_id,
    objectName: row.object_name,
    changedBy: row.changed_by,
    changedByHash: row.changed_by_hash,
    callerKind: row.caller_kind as AuditEntry['callerKind'],
    callerUserId: row.caller_user_id,
    callerKeyId: row.caller_key_id,
    callerSessionId: row.caller_session_id,
    requestId: row.request_id,
    sourceIp: row.source_ip,
    userAgent: row.user_agent,
    route: row.route,
    before: row.before,
    after: row.after,
    prevHash: row.prev_hash,
    hash: row.hash,
    mac: row.mac,
  };
}
