import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { assertTexts } from '../owners/assert-text.ts';
import { changeTeam } from './change-team.ts';
import { assertLinks } from './create-team.ts';
import type { TeamManagement } from './team-management.ts';
import { type TeamView, viewTeam } from './view-team.ts';

export interface ModelChange {
  teamId: string;
  models: readonly string[];
}

type Deps = Pick<TeamManagement, 'owners' | 'transact' | 'newId' | 'readSpend' | 'accessGroupsOf'>;

/** What an empty list stands for. */
const ALL = 'all-proxy-models';
const NOTHING = 'no-default-models';

/** Opens further models to a team, within its organisation's. Throws not_found, not_admin, forbidden, bad_request. */
export function addTeamModels(deps: Deps, caller: Caller, actor: Actor, change: ModelChange): Promise<TeamView> {
  return changeModels(deps, caller, actor, '/team/model/add', change, (current) => {
    const present = current.length === 0 ? [ALL] : current.filter((model) => model !== NOTHING);
    return [...new Set([...present, ...change.models])];
  });
}

/**
 * Closes models to a team. Who had the last one taken away may call nothing: an empty list would open all of them.
 * Throws not_found, forbidden, bad_request where the team has no list to take from.
 */
export function removeTeamModels(deps: Deps, caller: Caller, actor: Actor, change: ModelChange): Promise<TeamView> {
  return changeModels(deps, caller, actor, '/team/model/delete', change, (current) => {
    if (current.length === 0) {
      throw new GatewayError(
        'bad_request',
        'The team may call every model, so none can be taken out. Set its models with /team/update.',
        { param: 'models' },
      );
    }
    const left = current.filter((model) => !change.models.includes(model));
    return left.length === 0 ? [NOTHING] : left;
  });
}

async function changeModels(
  deps: Deps,
  caller: Caller,
  actor: Actor,
  route: '/team/model/add' | '/team/model/delete',
  { teamId, models }: ModelChange,
  decide: (current: readonly string[]) => readonly string[],
): Promise<TeamView> {
  assertTexts(models, 'models');
  const adds = route === '/team/model/add';
  const team = await changeTeam(deps, caller, actor, {
    teamId,
    route,
    by: adds ? 'governors' : 'managers',
    async decide(current, unit) {
      const next = { ...current, models: decide(current.models) };
      if (adds) await assertLinks(unit, deps, next, current);
      return next;
    },
  });
  return viewTeam(deps, team);
}
