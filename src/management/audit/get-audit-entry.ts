import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { ChainedEntry } from '../../storage/storage.ts';
import { type AuditManagement, assertMayAudit } from './audit-management.ts';

/** Throws not_admin, forbidden, not_found. */
export async function getAuditEntry(
  deps: Pick<AuditManagement, 'audit'>,
  caller: Caller,
  id: string,
): Promise<ChainedEntry> {
  assertMayAudit(caller, '/audit/{id}');
  const entry = await deps.audit.find(id);
  if (entry !== undefined) return entry;
  throw new GatewayError('not_found', `Audit log with ID ${id.slice(0, 100)} not found`, { param: 'id' });
}
