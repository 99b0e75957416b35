import type { SessionKind, SessionRecord } from '../../core/session.ts';
import type { SessionsTable } from '../database.ts';

export function toSessionColumns(session: SessionRecord): SessionsTable {
  return {
    id: session.id,
    hash: session.hash,
    kind: session.kind,
    user_id: session.userId,
    credential_hash: session.credentialHash,
    created_at_ms: session.createdAtMs,
    expires_at_ms: session.expiresAtMs,
    last_seen_at_ms: session.lastSeenAtMs,
    ended_at_ms: session.endedAtMs,
    source_ip: session.sourceIp,
    user_agent: session.userAgent,
  };
}

export function toSession(row: SessionsTable): SessionRecord {
  return {
    id: row.id,
    hash: row.hash,
    kind: row.kind as SessionKind,
    userId: row.user_id,
    credentialHash: row.credential_hash,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    endedAtMs: row.ended_at_ms,
    sourceIp: row.source_ip,
    userAgent: row.user_agent,
  };
}
