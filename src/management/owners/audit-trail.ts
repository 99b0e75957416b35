import type { Actor, AuditAction, AuditEntry } from '../../core/audit.ts';
import { maskCallbackSecrets } from '../../core/callback-secrets.ts';
import { memberRef } from '../../core/owner.ts';
import type {
  BudgetRecord,
  OrganizationMemberRecord,
  OrganizationRecord,
  TeamMemberRecord,
  TeamRecord,
  UserRecord,
} from '../../core/owner-records.ts';
import { buildOwnerAudit, type OwnerAct } from './owner-audit.ts';
import type { OwnerManagement } from './owner-management.ts';

/** Audit rows of one act on owners and members, all of the same actor and moment. */
export interface AuditTrail {
  team(
    action: AuditAction,
    before: TeamRecord | null,
    after: TeamRecord | null,
    spend?: SpendChanged | null,
  ): AuditEntry;
  member(
    action: AuditAction,
    before: TeamMemberRecord | null,
    after: TeamMemberRecord | null,
    spend?: SpendChanged | null,
  ): AuditEntry;
  organization(action: AuditAction, before: OrganizationRecord | null, after: OrganizationRecord | null): AuditEntry;
  organizationMember(
    action: AuditAction,
    before: OrganizationMemberRecord | null,
    after: OrganizationMemberRecord | null,
  ): AuditEntry;
  newUser(user: UserRecord): AuditEntry;
  budget(before: BudgetRecord | null, after: BudgetRecord | null): AuditEntry;
}

export interface SpendChanged {
  beforeNanoUsd: number;
  afterNanoUsd: number;
}

export function auditTrail(deps: Pick<OwnerManagement, 'newId'>, actor: Actor, nowMs: number): AuditTrail {
  const row = (act: OwnerAct) => buildOwnerAudit(deps, actor, nowMs, act);
  return {
    team: (action, before, after, spend) =>
      row({
        action,
        table: 'LiteLLM_TeamTable',
        objectId: (before ?? after)?.id ?? '',
        before: before && toPublicTeam(before, spend?.beforeNanoUsd),
        after: after && toPublicTeam(after, spend?.afterNanoUsd),
      }),
    member(action, before, after, spend) {
      const { teamId, userId } = (before ?? after) as TeamMemberRecord;
      return row({
        action,
        table: 'LiteLLM_TeamMembership',
        objectId: memberRef(teamId, userId).id,
        before: before && withSpend(before, spend?.beforeNanoUsd),
        after: after && withSpend(after, spend?.afterNanoUsd),
      });
    },
    organization: (action, before, after) =>
      row({ action, table: 'LiteLLM_OrganizationTable', objectId: (before ?? after)?.id ?? '', before, after }),
    organizationMember(action, before, after) {
      const { organizationId, userId } = (before ?? after) as OrganizationMemberRecord;
      const objectId = memberRef(organizationId, userId).id;
      return row({ action, table: 'LiteLLM_OrganizationMembership', objectId, before, after });
    },
    newUser: (user) =>
      row({ action: 'created', table: 'LiteLLM_UserTable', objectId: user.id, before: null, after: user }),
    budget: (before, after) =>
      row({
        action: before === null ? 'created' : after === null ? 'deleted' : 'updated',
        table: 'LiteLLM_BudgetTable',
        objectId: (before ?? after)?.id ?? '',
        before,
        after,
      }),
  };
}

/** The team without the credentials of its log destinations. */
function toPublicTeam(team: TeamRecord, spendNanoUsd: number | undefined): object {
  return withSpend({ ...team, metadata: maskCallbackSecrets(team.metadata) }, spendNanoUsd);
}

function withSpend(record: object, spendNanoUsd: number | undefined): object {
  return spendNanoUsd === undefined ? record : { ...record, spendNanoUsd };
}
