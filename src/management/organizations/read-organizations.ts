import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { OrganizationRecord } from '../../core/owner-records.ts';
import { scopeOf } from '../../core/rights.ts';
import type { RecordQuery } from '../../storage/owners/owner-storage.ts';
import { assertTexts } from '../owners/assert-text.ts';
import type { OrganizationManagement } from './organization-management.ts';
import { getVisibleOrganization } from './organization-rights.ts';
import { type ViewedOrganizations, viewOrganizations } from './view-organization.ts';

type Deps = Pick<OrganizationManagement, 'owners' | 'readSpend'>;

/** One organisation, for its members and those who may see everything. Throws not_found, forbidden. */
export async function getOrganizationInfo(
  deps: Deps,
  caller: Caller,
  organizationId: string,
): Promise<ViewedOrganizations> {
  const found = await deps.owners.organizations.find([organizationId]);
  return viewOrganizations(deps, caller, [getVisibleOrganization(caller, found, organizationId)]);
}

export interface OrganizationListing {
  /** Null: all of those that the caller may see. */
  ids: readonly string[] | null;
  /** Part of an id or alias. */
  search: string | null;
}

export interface ListedOrganizations extends ViewedOrganizations {
  leftOut: ViewedOrganizations['leftOut'] & { organizations: number };
}

/** There are no pages in LiteLLM's list of organisations. */
const MAX_LISTED = 1_000;
const MAX_ASKED = 500;

/** The organisations that the caller may see, by alias. Throws bad_request. */
export async function listOrganizations(
  deps: Deps,
  caller: Caller,
  { ids, search }: OrganizationListing,
): Promise<ListedOrganizations> {
  if (ids !== null && (ids.length === 0 || ids.length > MAX_ASKED)) {
    throw new GatewayError('bad_request', `Specify list of organization id's to query: 1 to ${MAX_ASKED}.`, {
      param: 'organizations',
    });
  }
  assertTexts(ids, 'organizations');
  const query: RecordQuery<OrganizationRecord> = {
    scope: scopeOf(caller),
    sortBy: 'alias',
    sortOrder: 'asc',
    limit: MAX_LISTED,
    offset: 0,
    ...(ids === null ? {} : { where: { id: ids } }),
    ...(search === null ? {} : { search }),
  };
  const { records, total } = await deps.owners.organizations.list(query);
  const { views, leftOut } = await viewOrganizations(deps, caller, records);
  return { views, leftOut: { ...leftOut, organizations: total - records.length } };
}
