import type { Caller } from '../../core/caller.ts';
import { mayManageTeam, maySeeAll } from '../../core/rights.ts';
import { NOTHING, type Scope } from '../../core/scope.ts';
import type { KeyView } from '../keys/view-key.ts';
import type { TeamManagement } from './team-management.ts';
import type { TeamView } from './view-team.ts';

/** As many teams as get a look for their keys, and as many keys of each. */
const MAX_TEAMS = 100;
const MAX_KEYS = 100;

/**
 * The newest keys of teams that stand in a list, by team: all of them for those who administer the team, else the caller's
 * own. In a long list only the first teams are looked up.
 */
export async function listTeamKeys(
  deps: Pick<TeamManagement, 'listKeys' | 'viewKeys' | 'nowMs'>,
  caller: Caller,
  teams: readonly TeamView[],
): Promise<{ keysOf: ReadonlyMap<string, readonly KeyView[]>; leftOut: number }> {
  const nowMs = deps.nowMs();
  const query = { page: 1, size: MAX_KEYS, sortBy: 'created_at', sortOrder: 'desc', nowMs } as const;
  const keysOf = new Map<string, readonly KeyView[]>();
  let leftOut = Math.max(0, teams.length - MAX_TEAMS);
  for (const { team } of teams.slice(0, MAX_TEAMS)) {
    const seesAll = maySeeAll(caller) || mayManageTeam(caller, team);
    if (!seesAll && caller.userId === null) continue;
    const scope: Scope =
      seesAll || caller.userId === null ? { ...NOTHING, teamIds: [team.id] } : { ...NOTHING, userIds: [caller.userId] };
    const { keys, total } = await deps.listKeys({ ...query, teamId: team.id, scope });
    keysOf.set(team.id, await deps.viewKeys(keys));
    leftOut += total - keys.length;
  }
  return { keysOf, leftOut };
}
