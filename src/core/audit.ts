import type { JsonObject } from './json.ts';

export type AuditAction = 'created' | 'updated' | 'deleted' | 'blocked' | 'unblocked' | 'rotated';

/** Who did a change and from where; goes into the audit row of the same transaction. */
export interface Actor {
  /** `litellm-changed-by` header, else the caller's user id, else the admin name. */
  changedBy: string;
  /** Hash of the caller's credential. */
  changedByHash: string;
  requestId: string;
  sourceIp: string | null;
}

/** One row of the audit log. Values are public projections: no secret, no plaintext key. */
export interface AuditEntry extends Actor {
  id: string;
  atMs: number;
  action: AuditAction;
  tableName: string;
  objectId: string;
  before: JsonObject | null;
  after: JsonObject | null;
}
