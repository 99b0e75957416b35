import type { Caller } from '../../core/caller.ts';
import type { AuditFilter, ChainedEntry } from '../../storage/storage.ts';
import { type AuditManagement, assertMayAudit } from './audit-management.ts';

/** Few enough that a page of them is small, whatever is in them. */
const PAGE = 200;

/** Everything that matches and is there now, oldest first, a page at a time. Throws not_admin or forbidden. */
export function exportAudit(
  deps: Pick<AuditManagement, 'audit'>,
  caller: Caller,
  filter: AuditFilter,
): AsyncIterable<ChainedEntry[]> {
  assertMayAudit(caller, '/audit/export');
  return deps.audit.readAll(filter, PAGE);
}
