import type { CheckpointSigner } from '../../core/audit-checkpoint.ts';
import type { AuditSeal } from '../../core/audit-seal.ts';
import type { Caller } from '../../core/caller.ts';
import { maySeeAll, refuseAct } from '../../core/rights.ts';
import type { AuditStore } from '../../storage/storage.ts';

export type { AuditFilter, AuditSortField, ChainedEntry } from '../../storage/storage.ts';

/** What the verbs over the audit log ask of the world. */
export interface AuditManagement {
  audit: Pick<AuditStore, 'list' | 'find' | 'readAll' | 'end'>;
  seal: AuditSeal;
  signer: CheckpointSigner;
  nowMs(): number;
}

/** The log tells of everybody's doings, so only those who may see everything see it. */
export function assertMayAudit(caller: Caller, route: string): void {
  if (!maySeeAll(caller)) throw refuseAct(caller, route);
}
