/**
 * The hash chain of the audit log. Each row's hash covers every field of the row and the hash of the row before it, so
 * nothing can be changed, taken out, put in or moved without the hashes telling. What is hashed is plain text that any
 * language can build: `latchkey audit 1`, then a line `name=length:value` for each field that is not null, in the order
 * of `FIELDS`; `length` counts UTF-8 bytes.
 */
import type { AuditEntry } from './audit.ts';
import { sha256Hex } from './key-secret.ts';

/** An entry as its row keeps it: values are JSON as text, and its bytes are what is hashed. */
export type AuditText = Omit<AuditEntry, 'before' | 'after'> & { before: string | null; after: string | null };

export interface AuditLink {
  /** Without gaps, from 1. */
  seq: number;
  prevHash: string;
  hash: string;
  /** See core/audit-seal.ts; null: written without a salt key. */
  mac: string | null;
}

/** The last row that there is; `seq` 0: none yet. Kept beside the log, so that a cut tail is seen. */
export type AuditHead = Omit<AuditLink, 'prevHash'>;

/** The head, and what the rows say of the same. */
export interface AuditEnd extends AuditHead {
  lastSeq: number;
  /** Of the row that the head names; null: it is not there. */
  rowHash: string | null;
}

export type AuditRow = AuditText & AuditLink;

/** What the first row has for the hash of the row before it. */
export const GENESIS_HASH = '0'.repeat(64);

/** Field of an entry → name in the hashed text, which is that of its column. New ones come at the end and may be null. */
const FIELDS = [
  ['id', 'id'],
  ['atMs', 'at_ms'],
  ['action', 'action'],
  ['tableName', 'table_name'],
  ['objectId', 'object_id'],
  ['objectKeyId', 'object_key_id'],
  ['objectName', 'object_name'],
  ['changedBy', 'changed_by'],
  ['changedByHash', 'changed_by_hash'],
  ['callerKind', 'caller_kind'],
  ['callerUserId', 'caller_user_id'],
  ['callerKeyId', 'caller_key_id'],
  ['callerSessionId', 'caller_session_id'],
  ['requestId', 'request_id'],
  ['sourceIp', 'source_ip'],
  ['userAgent', 'user_agent'],
  ['route', 'route'],
  ['before', 'before'],
  ['after', 'after'],
] as const satisfies readonly (readonly [keyof AuditText, string])[];

/** The hash of a row at this place. Values of another type than they should have are hashed as what they are. */
export function hashAuditRow(seq: number, prevHash: string, text: AuditText): string {
  let hashed = `latchkey audit 1\n${toLine('seq', seq)}${toLine('prev_hash', prevHash)}`;
  for (const [field, name] of FIELDS) {
    const value = text[field];
    if (value !== null) hashed += toLine(name, value);
  }
  return sha256Hex(hashed);
}

function toLine(name: string, value: unknown): string {
  const text = String(value);
  return `${name}=${Buffer.byteLength(text)}:${text}\n`;
}
