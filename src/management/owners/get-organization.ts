import { GatewayError } from '../../core/gateway-error.ts';
import type { OrganizationRecord } from '../../core/owner-records.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';

/** The organisation, as of this transaction. Throws bad_request that names `organization_id`. */
export async function getOrganization(
  unit: Pick<WriteUnit, 'organizations'>,
  organizationId: string,
): Promise<OrganizationRecord> {
  const organization = await unit.organizations.find([organizationId]);
  if (organization !== undefined) return organization;
  throw new GatewayError('bad_request', `Organization not found for organization_id=${organizationId}`, {
    param: 'organization_id',
  });
}
