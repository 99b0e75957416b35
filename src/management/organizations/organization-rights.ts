/** Who may do what to an organisation, and in which words somebody else is refused. */
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { OrganizationRecord } from '../../core/owner-records.ts';
import { isAdmin, isOrganizationAdmin, maySeeAll } from '../../core/rights.ts';
import { label, organizationNotFound } from './organization-management.ts';

/**
 * The organisation, for those who administer the proxy or it. To everybody else one that does not exist and one that is
 * not theirs look the same. Throws not_found, forbidden.
 */
export function getManagedOrganization(
  caller: Caller,
  organization: OrganizationRecord | undefined,
  asked: { organizationId: string; route: string },
): OrganizationRecord {
  const { organizationId, route } = asked;
  if (isAdmin(caller)) {
    if (organization === undefined) throw organizationNotFound(organizationId);
    return organization;
  }
  if (organization !== undefined && isOrganizationAdmin(caller, organizationId)) return organization;
  throw new GatewayError(
    'forbidden',
    `Call not allowed. User not proxy admin OR org admin. route=${route}, organization_id=${label(organizationId)}`,
    { param: 'organization_id' },
  );
}

/** The organisation, for administrators, viewers and its members. Throws not_found, forbidden. */
export function getVisibleOrganization(
  caller: Caller,
  organization: OrganizationRecord | undefined,
  organizationId: string,
): OrganizationRecord {
  const isIn = caller.memberships.organizations.some((member) => member.organizationId === organizationId);
  if (organization !== undefined && (maySeeAll(caller) || isIn)) return organization;
  if (maySeeAll(caller)) throw organizationNotFound(organizationId);
  throw new GatewayError(
    'forbidden',
    `User=${caller.userId ?? 'None'} not authorized to access this organization=${label(organizationId)}`,
    { param: 'organization_id' },
  );
}
