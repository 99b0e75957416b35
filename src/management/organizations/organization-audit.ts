import type { Actor, AuditAction, AuditEntry } from '../../core/audit.ts';
import { memberRef } from '../../core/owner.ts';
import type { BudgetRecord, OrganizationMemberRecord, OrganizationRecord } from '../../core/owner-records.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';

/** Audit rows of one act on organisations, all of the same actor and moment. */
export interface OrganizationTrail {
  organization(action: AuditAction, before: OrganizationRecord | null, after: OrganizationRecord | null): AuditEntry;
  member(
    action: AuditAction,
    before: OrganizationMemberRecord | null,
    after: OrganizationMemberRecord | null,
  ): AuditEntry;
  budget(before: BudgetRecord | null, after: BudgetRecord | null): AuditEntry;
}

export function organizationTrail(
  deps: Pick<OwnerManagement, 'newId'>,
  actor: Actor,
  nowMs: number,
): OrganizationTrail {
  return {
    organization: (action, before, after) =>
      buildOwnerAudit(deps, actor, nowMs, {
        action,
        table: 'LiteLLM_OrganizationTable',
        objectId: (before ?? after)?.id ?? '',
        before,
        after,
      }),
    member(action, before, after) {
      const { organizationId, userId } = (before ?? after) as OrganizationMemberRecord;
      const objectId = memberRef(organizationId, userId).id;
      return buildOwnerAudit(deps, actor, nowMs, {
        action,
        table: 'LiteLLM_OrganizationMembership',
        objectId,
        before,
        after,
      });
    },
    budget: (before, after) =>
      buildOwnerAudit(deps, actor, nowMs, {
        action: before === null ? 'created' : after === null ? 'deleted' : 'updated',
        table: 'LiteLLM_BudgetTable',
        objectId: (before ?? after)?.id ?? '',
        before,
        after,
      }),
  };
}
