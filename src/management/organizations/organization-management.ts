import { GatewayError } from '../../core/gateway-error.ts';
import type { PeopleDeps } from '../members/resolve-people.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';

/** What the verbs over organisations ask of the world. */
export type OrganizationManagement = OwnerManagement & PeopleDeps;

export function organizationNotFound(id: string): GatewayError {
  return new GatewayError('not_found', `Organization not found, passed organization_id=${label(id)}`, {
    param: 'organization_id',
  });
}

/** What the client passed, fit for a message. */
export function label(id: string): string {
  return id.slice(0, 256);
}
