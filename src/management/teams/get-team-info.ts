import type { Caller } from '../../core/caller.ts';
import { mayManageTeam, maySeeAll } from '../../core/rights.ts';
import { NOTHING } from '../../core/scope.ts';
import type { KeyView } from '../keys/view-key.ts';
import { getVisibleTeam } from './get-visible-team.ts';
import type { TeamManagement } from './team-management.ts';
import { type MemberView, type TeamView, viewTeam } from './view-team.ts';

export interface TeamInfo {
  view: TeamView;
  /** Newest first, at most as many as asked for. Of the whole team for those who administer it, else the caller's own. */
  keys: KeyView[];
  /** Keys that there are beyond those. */
  keysLeftOut: number;
  /** What members may use up and have used up: all of them for those who administer the team, else the caller. */
  memberships: readonly MemberView[];
}

/**
 * One team. Somebody who has nothing to do with it cannot tell whether it exists. Throws team_not_found, forbidden.
 */
export async function getTeamInfo(
  deps: Pick<TeamManagement, 'owners' | 'readSpend' | 'nowMs' | 'listKeys' | 'viewKeys'>,
  caller: Caller,
  teamId: string,
  keyLimit: number,
): Promise<TeamInfo> {
  const team = await getVisibleTeam(deps, caller, teamId);
  const seesAll = maySeeAll(caller) || mayManageTeam(caller, team);
  const [view, { keys, total }] = await Promise.all([
    viewTeam(deps, team),
    listVisibleKeys(deps, caller, { teamId, seesAll, keyLimit }),
  ]);
  return {
    view,
    keys: await deps.viewKeys(keys),
    keysLeftOut: total - keys.length,
    memberships: seesAll ? view.members : view.members.filter(({ member }) => member.userId === caller.userId),
  };
}

async function listVisibleKeys(
  { listKeys, nowMs }: Pick<TeamManagement, 'listKeys' | 'nowMs'>,
  caller: Caller,
  { teamId, seesAll, keyLimit }: { teamId: string; seesAll: boolean; keyLimit: number },
): ReturnType<TeamManagement['listKeys']> {
  const query = { teamId, page: 1, size: keyLimit, sortBy: 'created_at', sortOrder: 'desc', nowMs: nowMs() } as const;
  if (seesAll) return listKeys({ ...query, scope: { ...NOTHING, teamIds: [teamId] } });
  if (caller.userId !== null && caller.path.user !== null) {
    return listKeys({ ...query, scope: { ...NOTHING, userIds: [caller.userId] } });
  }
  return listKeys({ ...query, scope: { ...NOTHING, keyIds: caller.key === null ? [] : [caller.key.keyId] } });
}
