import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { refuseHidden } from '../../core/permissions.ts';
import type { OwnedScope, Scope } from '../../core/scope.ts';
import type { KeyListQuery, KeyStore } from '../../storage/storage.ts';
import { toFoundKey } from './find-key-for.ts';
import type { KeyManagement } from './key-management.ts';

/**
 * A list holds nothing that is not the caller's to see. Where what it names cannot hold anything of that kind, an empty
 * page would look like an answer: such a question is refused. What there is not and what is somebody else's look the
 * same. Throws forbidden.
 */
export async function assertMayAsk(
  deps: Pick<KeyManagement, 'standingOf'> & { keys: Pick<KeyStore, 'find'> },
  caller: Caller,
  { userId, teamId, organizationId, hash, status }: Partial<KeyListQuery>,
  scope: Scope,
): Promise<void> {
  if (scope === 'all') return;
  if (userId !== undefined && userId !== caller.userId && !holdsOthers(scope)) {
    throw refuse('user_id', "You are not authorized to check another user's keys.");
  }
  if (teamId !== undefined && !(await mayAskForTeam(deps, caller, teamId, scope))) {
    throw refuse('team_id', "You are not authorized to check this team's keys.");
  }
  const { organizations } = caller.memberships;
  if (organizationId !== undefined && !organizations.some((member) => member.organizationId === organizationId)) {
    throw refuse('organization_id', "You are not authorized to check this organization's keys.");
  }
  if (hash === undefined || status === 'deleted') return;
  const key = await deps.keys.find({ kind: 'hash', hash });
  if (key === undefined || (await toFoundKey(deps, caller, 'info', key)) instanceof GatewayError) {
    throw refuse('key_hash', `Key Hash not found. ${refuseHidden(caller, 'info').message}`);
  }
}

/** Some of what it opens may belong to other users. */
function holdsOthers({ teamIds, organizationIds, creatorIds }: OwnedScope): boolean {
  return teamIds.length + organizationIds.length + creatorIds.length > 0;
}

async function mayAskForTeam(
  deps: Pick<KeyManagement, 'standingOf'>,
  { memberships }: Caller,
  teamId: string,
  { organizationIds }: OwnedScope,
): Promise<boolean> {
  if (memberships.teams.some((member) => member.teamId === teamId)) return true;
  if (organizationIds.length === 0) return false;
  const { path } = await deps.standingOf({ userId: null, teamId, organizationId: null, budgetId: null });
  return organizationIds.includes(path.team?.organizationId ?? '');
}

function refuse(param: string, message: string): GatewayError {
  return new GatewayError('forbidden', message, { param });
}
