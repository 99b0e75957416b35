/** Sums of spend, in dollars, as LiteLLM's dashboards read them. */
import { z } from 'zod';
import { toUsd } from '../../core/money.ts';
import type { DailySpend } from '../../management/spend/spend-management.ts';
import type {
  sumSpendByEndUser,
  sumSpendByKey,
  sumSpendByModel,
  sumSpendByTag,
} from '../../management/spend/sum-spend.ts';

export const GlobalSpend = z.object({ spend: z.number(), max_budget: z.number().nullable() });
export const KeySums = z.array(
  z.object({
    api_key: z.string().describe('SHA-256 of the key.'),
    key_id: z.string().nullable(),
    key_alias: z.string().nullable(),
    key_name: z.string().nullable(),
    total_spend: z.number(),
  }),
);
export const ModelSums = z.array(z.object({ model: z.string(), total_spend: z.number() }));
export const TagSums = z.object({
  spend_per_tag: z.array(z.object({ name: z.string(), spend: z.number(), log_count: z.number() })),
});
export const EndUserSums = z.array(
  z.object({ end_user: z.string(), total_count: z.number(), total_spend: z.number() }),
);
export const DailyTotals = z.array(z.object({ date: z.string(), spend: z.number() }));

export function fromKeySums(sums: Awaited<ReturnType<typeof sumSpendByKey>>): z.output<typeof KeySums> {
  return sums.map(({ keyHash, keyId, keyAlias, keyMask, spendNanoUsd }) => ({
    api_key: keyHash,
    key_id: keyId,
    key_alias: keyAlias,
    key_name: keyMask,
    total_spend: toUsd(spendNanoUsd),
  }));
}

export function fromModelSums(sums: Awaited<ReturnType<typeof sumSpendByModel>>): z.output<typeof ModelSums> {
  return sums.map(({ model, spendNanoUsd }) => ({ model, total_spend: toUsd(spendNanoUsd) }));
}

export function fromTagSums(sums: Awaited<ReturnType<typeof sumSpendByTag>>): z.output<typeof TagSums> {
  return {
    spend_per_tag: sums.map(({ tag, calls, spendNanoUsd }) => ({
      name: tag,
      spend: toUsd(spendNanoUsd),
      log_count: calls,
    })),
  };
}

export function fromEndUserSums(sums: Awaited<ReturnType<typeof sumSpendByEndUser>>): z.output<typeof EndUserSums> {
  return sums.map(({ endUser, calls, spendNanoUsd }) => ({
    end_user: endUser,
    total_count: calls,
    total_spend: toUsd(spendNanoUsd),
  }));
}

export function fromDailyTotals(rows: readonly DailySpend[]): z.output<typeof DailyTotals> {
  const totals = new Map<string, number>();
  for (const { day, spendNanoUsd } of rows) totals.set(day, (totals.get(day) ?? 0) + spendNanoUsd);
  return [...totals].map(([date, nanoUsd]) => ({ date, spend: toUsd(nanoUsd) }));
}
