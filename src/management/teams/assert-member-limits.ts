import { GatewayError } from '../../core/gateway-error.ts';
import { assertLimitFields, type LimitFields } from '../owners/limit-fields.ts';

/** Throws bad_request, naming the field as the requests of members do. */
export function assertMemberLimits(limits: LimitFields): void {
  try {
    assertLimitFields(limits);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.param !== 'max_budget') throw error;
    const message = error.message.replace('max_budget', 'max_budget_in_team');
    throw new GatewayError(error.code, message, { param: 'max_budget_in_team' });
  }
}
