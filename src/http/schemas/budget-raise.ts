/** What is added to a budget for a while, in requests about keys, teams and members. */
import { z } from 'zod';
import { LaxNumber } from './key-shapes.ts';

export const BUDGET_RAISE_SHAPE = {
  temp_budget_increase: LaxNumber.nullish().describe('US dollars on top of the budget until temp_budget_expiry.'),
  temp_budget_expiry: z.string().nullish().describe('ISO date or time; without a zone UTC.'),
};

/** An increase without an end, or an end of nothing, is half a request. */
export function refineBudgetRaise(
  body: z.output<z.ZodObject<typeof BUDGET_RAISE_SHAPE>>,
  context: z.RefinementCtx,
): void {
  const increase = body.temp_budget_increase ?? null;
  const expiry = body.temp_budget_expiry ?? null;
  if ((increase === null) === (expiry === null)) return;
  const missing = increase === null ? 'temp_budget_increase' : 'temp_budget_expiry';
  const message = 'temp_budget_increase and temp_budget_expiry must be given together';
  context.addIssue({ code: 'custom', path: [missing], message });
}
