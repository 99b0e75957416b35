import { GatewayError } from '../../core/gateway-error.ts';
import { COUNT_LIMITS, type Limits } from '../../core/limits.ts';
import { findModelBeyond } from '../../core/model-subset.ts';
import type { OrganizationRecord } from '../../core/owner-records.ts';
import { findLimitBeyond } from '../../core/raised-limits.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import type { TeamState } from './assert-no-raise.ts';

/**
 * A team is given nothing that its organisation does not have. What is left open needs no check: the organisation's own
 * limits and models hold for every call in any case. Nor does what the team had `before` in the same organisation, which may
 * have been narrowed since: it is in nobody's way who changes something else. Throws bad_request with the field in `param`.
 */
export function assertWithinOrganization(
  { accessGroupsOf }: Pick<OwnerManagement, 'accessGroupsOf'>,
  { team, limits }: TeamState,
  before: TeamState | null,
  organization: OrganizationRecord,
  ceiling: Limits,
): void {
  const limit = findLimitBeyond(before === null ? limits : keepChanged(before.limits, limits), ceiling);
  if (limit !== null) {
    throw new GatewayError('bad_request', `The team's ${limit} is more than that of its organization.`, {
      param: limit,
    });
  }
  const models = team.models.filter((name) => before === null || !before.team.models.includes(name));
  if (models.length === 0) return;
  const model = findModelBeyond(models, organization.models, accessGroupsOf);
  if (model === null) return;
  const list = organization.models.map((name) => `'${name}'`).join(', ');
  throw new GatewayError(
    'bad_request',
    `The organization may not access '${model}', so its team may not either. Its models=[${list}]`,
    { param: 'models' },
  );
}

/** The limits that a change sets anew; those that it keeps are left open. */
function keepChanged(before: Limits, after: Limits): Limits {
  const changed = { ...after };
  if (before.budgetDuration === after.budgetDuration && before.maxBudgetNanoUsd === after.maxBudgetNanoUsd) {
    changed.maxBudgetNanoUsd = null;
  }
  for (const [field] of COUNT_LIMITS) if (before[field] === after[field]) changed[field] = null;
  return changed;
}
