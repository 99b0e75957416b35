import { assertJsonLimits } from '../../core/assert-json-limits.ts';
import { assertLogDestinations } from '../../core/assert-log-destinations.ts';
import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { assertNoNewReferences } from '../owners/assert-no-new-references.ts';
import { assertText } from '../owners/assert-text.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { changeTeam } from './change-team.ts';
import { type NewCallback, withCallback } from './team-callbacks.ts';
import { type TeamView, viewTeam } from './view-team.ts';

/**
 * Gives a team a further log destination. Its credentials are stored and never shown again.
 * Throws not_found, forbidden, bad_request when the team has that destination already.
 */
export async function addTeamCallback(
  deps: Pick<OwnerManagement, 'owners' | 'transact' | 'newId' | 'readSpend'>,
  caller: Caller,
  actor: Actor,
  teamId: string,
  callback: NewCallback,
): Promise<TeamView> {
  assertText(callback.name, 'callback_name');
  assertJsonLimits(callback.vars, 'callback_vars');
  const team = await changeTeam(deps, caller, actor, {
    teamId,
    route: '/team/{team_id}/callback',
    by: 'managers',
    decide(current) {
      const metadata = withCallback(current.metadata, callback);
      if (metadata === null) throw alreadyThere(callback);
      assertLogDestinations(metadata);
      assertNoNewReferences(caller, current.metadata, metadata);
      return { ...current, metadata };
    },
  });
  return viewTeam(deps, team);
}

function alreadyThere({ name, type }: NewCallback): GatewayError {
  return new GatewayError(
    'bad_request',
    `callback_name = ${name} already exists in the team's ${type} callbacks. Please use a different callback_name.`,
    { param: 'callback_name' },
  );
}
