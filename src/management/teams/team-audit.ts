import type { Actor, AuditAction, AuditEntry } from '../../core/audit.ts';
import { maskCallbackSecrets } from '../../core/callback-secrets.ts';
import { memberRef } from '../../core/owner.ts';
import type { BudgetRecord, TeamMemberRecord, TeamRecord, UserRecord } from '../../core/owner-records.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';

/** Audit rows of one act, all of the same actor and moment. */
export interface AuditTrail {
  team(action: AuditAction, before: TeamRecord | null, after: TeamRecord | null, spend?: TeamSpend | null): AuditEntry;
  member(action: AuditAction, before: TeamMemberRecord | null, after: TeamMemberRecord | null): AuditEntry;
  newUser(user: UserRecord): AuditEntry;
  budget(before: BudgetRecord | null, after: BudgetRecord): AuditEntry;
}

export interface TeamSpend {
  beforeNanoUsd: number;
  afterNanoUsd: number;
}

export function auditTrail(deps: Pick<OwnerManagement, 'newId'>, actor: Actor, nowMs: number): AuditTrail {
  return {
    team: (action, before, after, spend) =>
      buildOwnerAudit(deps, actor, nowMs, {
        action,
        table: 'LiteLLM_TeamTable',
        objectId: (before ?? after)?.id ?? '',
        before: before && toPublicTeam(before, spend?.beforeNanoUsd),
        after: after && toPublicTeam(after, spend?.afterNanoUsd),
      }),
    member(action, before, after) {
      const { teamId, userId } = (before ?? after) as TeamMemberRecord;
      const objectId = memberRef(teamId, userId).id;
      return buildOwnerAudit(deps, actor, nowMs, { action, table: 'LiteLLM_TeamMembership', objectId, before, after });
    },
    newUser: (user) =>
      buildOwnerAudit(deps, actor, nowMs, {
        action: 'created',
        table: 'LiteLLM_UserTable',
        objectId: user.id,
        before: null,
        after: user,
      }),
    budget: (before, after) =>
      buildOwnerAudit(deps, actor, nowMs, {
        action: before === null ? 'created' : 'updated',
        table: 'LiteLLM_BudgetTable',
        objectId: after.id,
        before,
        after,
      }),
  };
}

/** The team without the credentials of its log destinations. */
function toPublicTeam(team: TeamRecord, spendNanoUsd: number | undefined): object {
  const shown = { ...team, metadata: maskCallbackSecrets(team.metadata) };
  return spendNanoUsd === undefined ? shown : { ...shown, spendNanoUsd };
}
