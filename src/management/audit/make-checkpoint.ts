import type { AuditCheckpoint } from '../../core/audit-checkpoint.ts';
import { isEndSound } from '../../core/audit-seal.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { type AuditManagement, assertMayAudit } from './audit-management.ts';

/**
 * A signed statement of where the log is now. Of an end that this gateway cannot vouch for none is made.
 * Throws not_admin, forbidden, conflict.
 */
export async function makeCheckpoint(deps: AuditManagement, caller: Caller): Promise<AuditCheckpoint> {
  assertMayAudit(caller, '/audit/checkpoint');
  const end = await deps.audit.end();
  if (end !== undefined && isEndSound(end, deps.seal)) return deps.signer.sign({ ...end, atMs: deps.nowMs() });
  throw new GatewayError(
    'conflict',
    'The end of the audit log is not as this gateway left it, so nothing was signed. Run `latchkey audit verify`.',
  );
}
