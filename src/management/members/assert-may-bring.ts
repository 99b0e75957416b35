import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { UserRecord } from '../../core/owner-records.ts';
import { isAdmin, isOrganizationAdmin, teamRoleOf } from '../../core/rights.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';

/**
 * Whoever becomes a member can be seen by those who administer the place. So the administrator of a team or of an
 * organisation brings in people who are new or belong nowhere yet, and those of its own teams and organisations; somebody
 * of another tenant is brought in by an administrator of the proxy. Throws forbidden.
 */
export async function assertMayBring(
  unit: Pick<WriteUnit, 'teams' | 'teamMembers' | 'organizationMembers'>,
  caller: Caller,
  people: readonly UserRecord[],
  organizationId: string | null,
): Promise<void> {
  const others = people.filter(({ id }) => id !== caller.userId);
  if (isAdmin(caller) || others.length === 0) return;
  const userId = others.map(({ id }) => id);
  const places = await unit.organizationMembers.findWhere({ userId });
  const colleagues = new Set(
    places
      .filter((place) => place.organizationId === organizationId || isOrganizationAdmin(caller, place.organizationId))
      .map((place) => place.userId),
  );
  const memberships = await unit.teamMembers.findWhere({ userId });
  const elsewhere = memberships.filter(({ teamId }) => teamRoleOf(caller, teamId) !== 'admin');
  const teams = await unit.teams.findWhere({ id: [...new Set(elsewhere.map(({ teamId }) => teamId))] });
  const ours = new Set(
    teams
      .filter((team) => team.organizationId !== null)
      .filter((team) => team.organizationId === organizationId || isOrganizationAdmin(caller, team.organizationId))
      .map(({ id }) => id),
  );
  const foreign = new Set([
    ...places.map((place) => place.userId),
    ...elsewhere.filter(({ teamId }) => !ours.has(teamId)).map((member) => member.userId),
  ]);
  for (const user of others) {
    const governs = user.role === 'proxy_admin' || user.role === 'proxy_admin_viewer';
    if (colleagues.has(user.id) && !governs) continue;
    if (governs || foreign.has(user.id)) {
      throw new GatewayError(
        'forbidden',
        'Only a proxy admin can add somebody who belongs to a team or an organization that you do not administer.',
        { param: 'member' },
      );
    }
  }
}
