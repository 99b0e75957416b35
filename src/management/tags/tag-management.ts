import { assertJsonLimits } from '../../core/assert-json-limits.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Limits } from '../../core/limits.ts';
import type { TagRecord } from '../../core/owner-records.ts';
import { assertText, assertTexts } from '../owners/assert-text.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import { assertLimitFields, type LimitFields, mergeLimits } from '../owners/limit-fields.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';

export interface TagInSpend {
  tag: string;
  spendNanoUsd: number;
  /** On which days it was carried first and last: `2026-01-31`. */
  firstDay: string;
  lastDay: string;
}

/** What the verbs over tags ask of the world. */
export interface TagManagement extends OwnerManagement {
  /** Tags that calls have carried, registered or not, dearest first. */
  tagsInSpend(): Promise<readonly TagInSpend[]>;
}

/** What a request says about a tag. Absent = not mentioned, null = no value, anything else = that value. */
export interface TagFields {
  description?: string | null | undefined;
  models?: readonly string[] | null | undefined;
  budgetId?: string | null | undefined;
  metadata?: JsonObject | null | undefined;
  limits: LimitFields;
}

export interface TagView {
  record: TagRecord;
  limits: Limits;
  /** Spent in the present budget window; what enforcement uses. */
  spendNanoUsd: number;
}

/** Throws bad_request for what could not be stored and enforced as it stands. */
export function assertTagFields(fields: TagFields): void {
  assertText(fields.description, 'description');
  assertText(fields.budgetId, 'budget_id');
  assertTexts(fields.models, 'models');
  assertLimitFields(fields.limits);
  assertJsonLimits(fields.metadata, 'metadata');
}

export function mergeTagFields(current: TagRecord, fields: TagFields): TagRecord {
  const { description, models, budgetId, metadata } = fields;
  return {
    ...current,
    ...mergeLimits(current, fields.limits),
    description: description === undefined ? current.description : description,
    models: models === undefined ? current.models : (models ?? []),
    budgetId: budgetId === undefined ? current.budgetId : budgetId,
    metadata: metadata === undefined ? current.metadata : (metadata ?? {}),
  };
}

/** Two queries, whatever the number. */
export async function viewTags(
  deps: Pick<OwnerManagement, 'owners' | 'readSpend'>,
  records: readonly TagRecord[],
): Promise<TagView[]> {
  if (records.length === 0) return [];
  const budgets = await findLinkedBudgets(
    deps,
    records.map(({ budgetId }) => budgetId),
  );
  const limits = records.map((record) => fillFrom(budgets, record));
  const spent = await deps.readSpend(
    records.map(({ id }, index) => ({ ref: { kind: 'tag', id }, windows: limits[index] as Limits })),
  );
  return records.map((record, index) => ({
    record,
    limits: limits[index] as Limits,
    spendNanoUsd: spent[index] ?? 0,
  }));
}

export function tagNotFound(name: string): GatewayError {
  return new GatewayError('not_found', `Tag ${name.slice(0, 256)} not found`, { param: 'name' });
}
