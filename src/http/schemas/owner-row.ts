/** What the rows of users, teams, organisations, customers and tags have in common on the wire. */
import { z } from 'zod';
import { type Limits, NO_LIMITS } from '../../core/limits.ts';
import { toUsd } from '../../core/money.ts';
import type { OwnerRecord, Stamps } from '../../core/owner-records.ts';
import { toIsoTime } from './iso-time.ts';
import { fromLimits, type LimitClock } from './limit-fields.ts';

/** An owner as it is shown: its record, the limits that hold, and what only the counters know. */
export interface OwnerView<R extends OwnerRecord> {
  record: R;
  /** Its own, and those of its budget row where it says nothing. */
  limits: Limits;
  /** Spent in the present budget window; what enforcement uses. */
  spendNanoUsd: number;
}

/** Everything else of the row is there as well; these are what clients rely on. */
export const OwnerRow = z.looseObject({
  spend: z.number(),
  models: z.array(z.string()),
  metadata: z.record(z.string(), z.unknown()),
  max_budget: z.number().nullable(),
  budget_duration: z.string().nullable(),
  budget_reset_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});

export function fromStamps({ createdAtMs, createdBy, updatedAtMs, updatedBy }: Stamps) {
  return {
    created_at: toIsoTime(createdAtMs),
    created_by: createdBy,
    updated_at: toIsoTime(updatedAtMs),
    updated_by: updatedBy,
  };
}

export function fromOwnerView<R extends OwnerRecord>(
  { record, limits, spendNanoUsd }: OwnerView<R>,
  clock: LimitClock,
): z.output<typeof OwnerRow> {
  return {
    ...record.extra,
    spend: toUsd(spendNanoUsd),
    models: [...record.models],
    metadata: record.metadata,
    blocked: record.blocked,
    ...fromLimits(limits, clock),
    budget_id: record.budgetId,
    litellm_budget_table: toBudgetTable(record.budgetId, limits, clock),
    ...fromStamps(record),
  };
}

const LIMIT_NAMES = Object.keys(NO_LIMITS) as (keyof Limits)[];

/** LiteLLM keeps limits in a row of their own, and clients look for them there. Null: there are none. */
function toBudgetTable(budgetId: string | null, limits: Limits, clock: LimitClock) {
  const isUnlimited = LIMIT_NAMES.every((name) => JSON.stringify(limits[name]) === JSON.stringify(NO_LIMITS[name]));
  if (budgetId === null && isUnlimited) return null;
  return { budget_id: budgetId, ...fromLimits(limits, clock) };
}
