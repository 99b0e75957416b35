/** POST /key/{key}/reset_spend. */
import { z } from 'zod';
import { toNanoUsd, toUsd } from '../../core/money.ts';
import type { SpendReset } from '../../management/keys/reset-key-spend.ts';
import type { KeyView } from '../../management/keys/view-key.ts';
import { toIsoTimeOrNull } from './iso-time.ts';
import { LaxNumber } from './key-shapes.ts';

export const KeyResetBody = z.looseObject({
  reset_to: LaxNumber.describe('US dollars; from 0 to what is spent now, and no more than max_budget.'),
});

export const KeyResetReply = z.object({
  key_hash: z.string(),
  spend: z.number().describe('US dollars that count as spent from now on.'),
  previous_spend: z.number(),
  max_budget: z.number().nullable(),
  budget_reset_at: z.string().nullable().describe('End of the current budget window.'),
});

export function toSpendReset(body: z.output<typeof KeyResetBody>, key: string): SpendReset {
  return { key, resetToNanoUsd: toNanoUsd(body.reset_to) };
}

export function fromSpendReset({
  view,
  previousNanoUsd,
}: {
  view: KeyView;
  previousNanoUsd: number;
}): z.output<typeof KeyResetReply> {
  const { key, spendNanoUsd, budgetResetAtMs } = view;
  return {
    key_hash: key.hash,
    spend: toUsd(spendNanoUsd),
    previous_spend: toUsd(previousNanoUsd),
    max_budget: key.maxBudgetNanoUsd === null ? null : toUsd(key.maxBudgetNanoUsd),
    budget_reset_at: toIsoTimeOrNull(budgetResetAtMs),
  };
}
