import { GatewayError } from '../../core/gateway-error.ts';
import type { Limits } from '../../core/limits.ts';
import { findModelBeyond } from '../../core/model-subset.ts';
import type { OrganizationRecord } from '../../core/owner-records.ts';
import { findLimitBeyond } from '../../core/raised-limits.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import type { TeamState } from './assert-no-raise.ts';

/**
 * A team is given nothing that its organisation does not have. What is left open needs no check: the organisation's own
 * limits and models hold for every call in any case. Throws bad_request with the field in `param`.
 */
export function assertWithinOrganization(
  { accessGroupsOf }: Pick<OwnerManagement, 'accessGroupsOf'>,
  { team, limits }: TeamState,
  organization: OrganizationRecord,
  ceiling: Limits,
): void {
  const limit = findLimitBeyond(limits, ceiling);
  if (limit !== null) {
    throw new GatewayError('bad_request', `The team's ${limit} is more than that of its organization.`, {
      param: limit,
    });
  }
  if (team.models.length === 0) return;
  const model = findModelBeyond(team.models, organization.models, accessGroupsOf);
  if (model === null) return;
  const list = organization.models.map((name) => `'${name}'`).join(', ');
  throw new GatewayError(
    'bad_request',
    `The organization may not access '${model}', so its team may not either. Its models=[${list}]`,
    { param: 'models' },
  );
}
