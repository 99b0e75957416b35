/** /budget/*: bodies, and the row that answers. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { BudgetRecord } from '../../core/owner-records.ts';
import type { NewBudget } from '../../management/budgets/create-budget.ts';
import { fromLimits, LIMIT_SHAPE, type LimitClock, toLimitFields } from './limit-fields.ts';
import { fromStamps } from './owner-row.ts';
import { PageNumber, pageNumberTo } from './page-numbers.ts';

export const BudgetNewBody = z.looseObject({
  budget_id: z.string().nullish().describe('Absent: one is made up.'),
  ...LIMIT_SHAPE,
});
export const BudgetUpdateBody = z.looseObject({
  budget_id: z.string().nullish().describe('Required.'),
  ...LIMIT_SHAPE,
});
export const BudgetInfoBody = z.looseObject({ budgets: z.array(z.string()).max(1_000) });
export const BudgetDeleteBody = z.looseObject({ id: z.string() });
export const BudgetListQuery = z.object({
  page: PageNumber.default(1),
  size: pageNumberTo(1_000).default(1_000),
});
export const BudgetSettingsQuery = z.object({ budget_id: z.string() });
export const BUDGET_NAMES = Object.keys(BudgetNewBody.shape);

export const BudgetRow = z.looseObject({ budget_id: z.string(), max_budget: z.number().nullable() });
export const BudgetRows = z.array(BudgetRow);

export const BudgetSettings = z.array(
  z.object({
    field_name: z.string(),
    field_type: z.string(),
    field_description: z.string(),
    field_value: z.unknown(),
    stored_in_db: z.boolean(),
    field_default_value: z.null(),
  }),
);

export function toNewBudget(body: z.output<typeof BudgetNewBody>): NewBudget {
  return { id: body.budget_id ?? null, limits: toLimitFields(body) };
}

export function fromBudget(budget: BudgetRecord, clock: LimitClock): z.output<typeof BudgetRow> {
  return { budget_id: budget.id, ...fromLimits(budget, clock), ...fromStamps(budget) };
}

/** Which row is to change. Throws bad_request. */
export function toBudgetId({ budget_id: id }: z.output<typeof BudgetUpdateBody>): string {
  if (id == null) throw new GatewayError('bad_request', 'budget_id is required', { param: 'budget_id' });
  return id;
}

const FIELD_TYPES = {
  max_budget: 'Float',
  soft_budget: 'Float',
  budget_duration: 'String',
  max_parallel_requests: 'Integer',
  rpm_limit: 'Integer',
  tpm_limit: 'Integer',
  model_max_budget: 'Object',
} as const;

/** What a form for the row needs to know. */
export function fromBudgetSettings(budget: BudgetRecord, clock: LimitClock): z.output<typeof BudgetSettings> {
  const row = fromBudget(budget, clock);
  return Object.entries(FIELD_TYPES).map(([name, type]) => ({
    field_name: name,
    field_type: type,
    field_description: LIMIT_SHAPE[name as keyof typeof FIELD_TYPES].description ?? '',
    field_value: row[name] ?? null,
    stored_in_db: row[name] !== null && row[name] !== undefined,
    field_default_value: null,
  }));
}
