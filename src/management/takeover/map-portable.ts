import { isJsonObject, type Json } from '../../core/json.ts';
import { fromPortable, toSnakeCase } from '../../core/portable-record.ts';
import type { RowReader } from './row-reader.ts';

/** Numbers that are null where there is no value, by the ends of their names. */
const NUMBER = /(NanoUsd|Ms|Limit|Requests)$/;
const FLAGS: ReadonlySet<string> = new Set(['blocked', 'autoRotate', 'rotationOverdue']);

/**
 * A line of an export as the record it was. `blank` is such a record with nothing in it: it tells the fields and their
 * kinds. A field that is not of its kind makes the line useless, which the reader notes.
 */
export function mapPortable<R extends object>(row: RowReader, blank: R): R {
  const fields = Object.entries(blank).map(([name, empty]) => {
    const column = toSnakeCase(name);
    const value = row.raw(column);
    if (value === null) return [name, empty];
    if (!fits(name, value, empty as Json)) row.note(column, 'is of another kind than this field', 'row');
    return [name, fromPortable(name, value)];
  });
  return Object.fromEntries(fields) as R;
}

function fits(name: string, value: Json, empty: Json): boolean {
  if (FLAGS.has(name)) return typeof value === 'boolean';
  if (typeof empty === 'number' || (empty === null && NUMBER.test(name))) {
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  }
  if (name === 'budgetLimits') return Array.isArray(value) && value.every(isBudget);
  if (name === 'modelMaxBudget') return isJsonObject(value) && Object.values(value).every(isBudget);
  if (name === 'memberPermissions' || Array.isArray(empty)) {
    return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
  }
  if (isJsonObject(empty)) return isJsonObject(value);
  return typeof value === 'string';
}

function isBudget(value: Json): boolean {
  if (!isJsonObject(value)) return false;
  const { max_budget_nano_usd: nanoUsd, budget_duration: duration = null } = value;
  return Number.isSafeInteger(nanoUsd) && (duration === null || typeof duration === 'string');
}
