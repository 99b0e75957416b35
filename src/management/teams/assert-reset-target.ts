import { GatewayError } from '../../core/gateway-error.ts';
import { toUsd } from '../../core/money.ts';

/** What counts as spent can be set to less than it is, within the budget. Throws bad_request. */
export function assertResetTarget(targetNanoUsd: number, spentNanoUsd: number, maxNanoUsd: number | null): void {
  const refuse = (message: string): never => {
    throw new GatewayError('bad_request', message, { param: 'reset_to' });
  };
  if (!Number.isFinite(targetNanoUsd) || targetNanoUsd < 0) refuse('reset_to must be a number of at least 0.');
  if (targetNanoUsd > spentNanoUsd)
    refuse(`reset_to must not be more than the spend, which is ${toUsd(spentNanoUsd)}.`);
  if (maxNanoUsd !== null && targetNanoUsd > maxNanoUsd) {
    refuse(`reset_to must not be more than max_budget, which is ${toUsd(maxNanoUsd)}.`);
  }
}
