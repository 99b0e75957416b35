import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { TeamRecord } from '../../core/owner-records.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { refOf } from './new-members.ts';
import type { MemberView } from './view-team.ts';

export interface OwnMembership {
  team: TeamRecord;
  place: MemberView;
}

/**
 * The caller's own place in a team, and nobody else's: an administrator who is no member has none. A team that does not
 * exist and one that is not the caller's look the same. Throws bad_request for a key without a user, not_found.
 */
export async function getOwnMembership(
  { owners, readSpend }: Pick<OwnerManagement, 'owners' | 'readSpend'>,
  caller: Caller,
  teamId: string,
): Promise<OwnMembership> {
  const { userId } = caller;
  if (userId === null) {
    throw new GatewayError('bad_request', 'This key has no user, so it has no membership. Ask /team/info instead.');
  }
  const [team, member] = await Promise.all([owners.teams.find([teamId]), owners.teamMembers.find([teamId, userId])]);
  if (team === undefined || member === undefined) {
    throw new GatewayError('not_found', `You are not a member of team=${teamId.slice(0, 256)}`, { param: 'team_id' });
  }
  const [budgets, user] = await Promise.all([
    findLinkedBudgets({ owners }, [member.budgetId]),
    owners.users.find([userId]),
  ]);
  const limits = fillFrom(budgets, member);
  const [spendNanoUsd = 0] = await readSpend([{ ref: refOf(member), windows: limits }]);
  return { team, place: { member, email: user?.email ?? null, limits, spendNanoUsd } };
}
