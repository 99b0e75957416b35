import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { maySeeAll } from '../../core/rights.ts';
import type { TeamListing } from './list-teams.ts';

/**
 * What may be asked of the pages of teams, as LiteLLM has it: people ask for their own teams, by their `user_id`; admins of
 * an organisation for its teams as well, whether they name themselves or nobody, and for those of one of its people.
 * Which rows are shown is not decided here. Throws not_admin (401), forbidden.
 */
export function boundListing(caller: Caller, listing: TeamListing): TeamListing {
  if (maySeeAll(caller)) return listing;
  const organizations = caller.memberships.organizations.filter(({ role }) => role === 'org_admin');
  const isOwn = listing.userId !== null && listing.userId === caller.userId;
  if (organizations.length === 0) {
    if (isOwn) return listing;
    throw new GatewayError(
      'not_admin',
      `Only admin users can query all teams/other teams. Your user role=${caller.role}. Pass your own user_id.`,
      { param: 'user_id' },
    );
  }
  const { organizationId } = listing;
  if (organizationId !== null && organizations.every((place) => place.organizationId !== organizationId)) {
    throw new GatewayError('forbidden', 'You can only view teams within your organizations.', {
      param: 'organization_id',
    });
  }
  return isOwn ? { ...listing, userId: null } : listing;
}
