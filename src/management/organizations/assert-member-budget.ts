import { GatewayError } from '../../core/gateway-error.ts';
import { assertLimitFields } from '../owners/limit-fields.ts';

const PARAM = 'max_budget_in_organization';

/** Throws bad_request, naming the field as the requests of members do. */
export function assertMemberBudget(maxBudgetNanoUsd: number | null | undefined): void {
  if (maxBudgetNanoUsd == null) return;
  try {
    assertLimitFields({ maxBudgetNanoUsd });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new GatewayError(error.code, error.message.replaceAll('max_budget', PARAM), { param: PARAM });
  }
}
