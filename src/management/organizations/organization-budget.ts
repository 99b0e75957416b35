/**
 * Where an organisation's limits stand. As in LiteLLM, one that is made without a `budget_id` gets a budget row of its
 * own, which /budget/update changes as well. A row that it merely shares is never changed on its behalf: what is said of
 * the organisation then stands in its own record and goes before the row.
 */
import { type Limits, NO_LIMITS } from '../../core/limits.ts';
import type { BudgetRecord, OrganizationRecord } from '../../core/owner-records.ts';
import { changeStamps, newStamps } from '../owners/blank-owner.ts';
import { type LimitFields, mergeLimits } from '../owners/limit-fields.ts';

/** Where an organisation keeps the name of the row that was made for it. */
const FIELD = 'made_budget_id';

/** The row that was made for the organisation; null: none was. */
export function madeBudgetId({ extra }: Pick<OrganizationRecord, 'extra'>): string | null {
  return typeof extra[FIELD] === 'string' ? extra[FIELD] : null;
}

/** What else of `extra` there is to show. */
export function shownExtra({ extra }: Pick<OrganizationRecord, 'extra'>): OrganizationRecord['extra'] {
  const { [FIELD]: _, ...shown } = extra;
  return shown;
}

/** A new organisation with its limits: in a row of its own, or beside the one that it is linked to. */
export function placeNewLimits(
  blank: OrganizationRecord,
  asked: { budgetId: string | null; limits: LimitFields },
  stamp: { id: string; by: string; nowMs: number },
): { record: OrganizationRecord; made: BudgetRecord | null } {
  const limits = mergeLimits(NO_LIMITS, asked.limits);
  if (asked.budgetId !== null) return { record: { ...blank, ...limits, budgetId: asked.budgetId }, made: null };
  const made = { id: stamp.id, ...limits, ...newStamps(stamp.by, stamp.nowMs) };
  return { record: { ...blank, budgetId: made.id, extra: { ...blank.extra, [FIELD]: made.id } }, made };
}

/** The record with changed limits; `row`: the budget row as it is to be, where that is what changes. */
export function placeChangedLimits(
  current: OrganizationRecord,
  asked: { budgetId?: string | null | undefined; limits: LimitFields },
  linked: BudgetRecord | null,
  stamp: { by: string; nowMs: number },
): { record: OrganizationRecord; row: BudgetRecord | null } {
  const budgetId = asked.budgetId === undefined ? current.budgetId : asked.budgetId;
  const mentioned = Object.keys(asked.limits) as (keyof Limits)[];
  const isOwnRow = linked !== null && linked.id === budgetId && budgetId === madeBudgetId(current);
  if (!isOwnRow || mentioned.length === 0) {
    return { record: { ...current, ...mergeLimits(current, asked.limits), budgetId }, row: null };
  }
  // The record's own would go before the row, and the row is what is changed now.
  const own = mergeLimits(current, Object.fromEntries(mentioned.map((name) => [name, null])));
  const row = { ...linked, ...mergeLimits(linked, asked.limits), ...changeStamps(linked, stamp.by, stamp.nowMs) };
  return { record: { ...current, ...own, budgetId }, row };
}
