import type { Caller } from '../../core/caller.ts';
import type { AuditStore } from '../../storage/storage.ts';
import { type AuditManagement, assertMayAudit } from './audit-management.ts';

export type AuditListing = Parameters<AuditStore['list']>[0];

/** One page of the audit log, newest first unless asked otherwise. Throws not_admin or forbidden. */
export function listAudit(
  deps: Pick<AuditManagement, 'audit'>,
  caller: Caller,
  listing: AuditListing,
): ReturnType<AuditStore['list']> {
  assertMayAudit(caller, '/audit');
  return deps.audit.list(listing);
}
