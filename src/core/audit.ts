import type { CallerKind } from './caller.ts';
import type { JsonObject } from './json.ts';

/**
 * What was done. `denied`: somebody tried and was refused. `resumed`: the log itself went on from an end that the gateway
 * could not vouch for (see core/audit-chain.ts).
 */
export type AuditAction =
  | 'created'
  | 'updated'
  | 'deleted'
  | 'blocked'
  | 'unblocked'
  | 'rotated'
  | 'rolled_back'
  | 'rotation_due'
  | 'rotation_overdue'
  | 'revoked'
  | 'reset'
  | 'login'
  | 'logout'
  | 'denied'
  | 'resumed';

/** Who did a change and from where; goes into the audit row of the same transaction. */
export interface Actor {
  /** `litellm-changed-by` header, else the caller's user id, else the admin name. The fields below say who really called. */
  changedBy: string;
  /** Hash of the caller's credential; '' where none was presented. */
  changedByHash: string;
  /** `unknown`: a row from before this was written. */
  callerKind: CallerKind | 'system' | 'unknown';
  callerUserId: string | null;
  callerKeyId: string | null;
  callerSessionId: string | null;
  requestId: string;
  sourceIp: string | null;
  userAgent: string | null;
  /** Method and pattern, as in `POST /key/update`; null: no request did it. */
  route: string | null;
}

/** One row of the audit log. Values are public projections by wire name: no secret, no plaintext key. */
export interface AuditEntry extends Actor {
  id: string;
  atMs: number;
  action: AuditAction;
  /** LiteLLM's name of the table. */
  tableName: string;
  /** For keys the hash that the key had at that time. */
  objectId: string;
  /** For keys: the name that no rotation changes. */
  objectKeyId: string | null;
  /** How people call the object (alias, e-mail, …), so that the row can be read after the object is gone. */
  objectName: string | null;
  before: JsonObject | null;
  after: JsonObject | null;
}

/** The installation itself, or somebody at its command line: acts that no request asked for. */
export function systemActor(changedBy: string, requestId: string): Actor {
  return {
    changedBy,
    changedByHash: '',
    callerKind: 'system',
    callerUserId: null,
    callerKeyId: null,
    callerSessionId: null,
    requestId,
    sourceIp: null,
    userAgent: null,
    route: null,
  };
}
