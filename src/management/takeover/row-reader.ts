/**
 * One row of a database that is not ours, read column by column. What does not fit is noted and replaced by what allows
 * less, never by what allows more. Columns that nobody asked for are told at the end.
 */
import { assertJsonLimits } from '../../core/assert-json-limits.ts';
import { parseDuration } from '../../core/duration.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import type { ModelBudget } from '../../core/key.ts';
import type { BudgetLimit } from '../../core/limits.ts';
import { toNanoUsd } from '../../core/money.ts';
import type { WindowSpend } from './plan-spend.ts';
import type { Finding } from './takeover-report.ts';

const MAX_TEXT = 256;
const MAX_NANO_USD = 9_000_000 * 1e9;

export class RowReader {
  readonly findings: Finding[] = [];
  readonly #row: string;
  readonly #values: JsonObject;
  readonly #asked = new Set<string>();

  constructor(row: string, values: JsonObject) {
    this.#row = row;
    this.#values = values;
  }

  note(field: string | null, why: string, kind: Finding['kind'] = 'field'): void {
    this.findings.push({ kind, row: this.#row, field, why });
  }

  /** The value as it is; null where there is no such column. */
  raw(column: string): Json {
    this.#asked.add(column);
    return this.#values[column] ?? null;
  }

  /** A name. Empty is none. */
  text(column: string): string | null {
    const value = this.raw(column);
    if (value === null || value === '') return null;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    if (typeof value === 'string' && value.length <= MAX_TEXT && !/[\u0000-\u001f\u007f]/.test(value)) return value;
    this.note(column, `is no text of at most ${MAX_TEXT} printable characters`);
    return null;
  }

  /** `nothing`: what the list is to say where none of its entries can be used, since an empty one may mean "everything". */
  texts(column: string, nothing?: string): string[] {
    const value = this.raw(column);
    if (value === null) return [];
    const entries = Array.isArray(value) ? value : [value];
    const texts = entries.filter((entry) => typeof entry === 'string');
    if (texts.length < entries.length) this.note(column, 'has entries that are no texts, which were left out');
    return texts.length === 0 && entries.length > 0 && nothing !== undefined ? [nothing] : texts;
  }

  flag(column: string): boolean | null {
    const value = this.raw(column);
    if (value === null || typeof value === 'boolean') return value;
    this.note(column, 'is neither true nor false');
    return null;
  }

  /** A count; one that makes no sense allows nothing. */
  count(column: string): number | null {
    const value = this.raw(column);
    return value === null ? null : this.#countOf(column, value);
  }

  /** Dollars of a limit, in nano-dollars; an amount that makes no sense allows nothing. */
  ceiling(column: string): number | null {
    const value = this.raw(column);
    return value === null ? null : this.#ceilingOf(column, value);
  }

  /** What has been spent, in nano-dollars. */
  spend(column = 'spend'): number {
    const value = this.raw(column);
    if (value === null) return 0;
    const nanoUsd = toSpent(value);
    if (nanoUsd !== undefined) return nanoUsd;
    this.note(column, 'is no amount of dollars that can be counted; nothing counts as spent');
    return 0;
  }

  /** What has been spent of further budgets; the latest window of a length comes last. */
  windowSpends(column: string): WindowSpend[] {
    const value = this.raw(column);
    const rows = Array.isArray(value) ? value.filter(isJsonObject) : [];
    return rows.flatMap(({ window_duration: duration, window_start: start, spend }) => {
      const startMs = toMoment(start ?? null);
      const nanoUsd = toSpent(spend ?? null);
      if (
        typeof duration === 'string' &&
        parseDuration(duration) !== undefined &&
        startMs !== undefined &&
        nanoUsd !== undefined
      ) {
        return [{ duration, startMs, nanoUsd }];
      }
      this.note(column, 'has a window that cannot be read; nothing counts as spent in it');
      return [];
    });
  }

  duration(column: string): string | null {
    const value = this.raw(column);
    if (value === null || value === '') return null;
    if (typeof value === 'string' && parseDuration(value) !== undefined) return value;
    this.note(column, 'is no duration and was left out; a budget holds for the whole life then');
    return null;
  }

  /** Milliseconds since 1970. LiteLLM's columns are in UTC and do not say so. */
  time(column: string): number | null {
    const value = this.raw(column);
    if (value === null || value === 'infinity') return null;
    const ms = toMoment(value);
    if (ms !== undefined) return ms;
    this.note(column, 'is no moment in time that can be kept', 'row');
    return null;
  }

  object(column: string): JsonObject {
    const value = this.raw(column);
    if (value === null) return {};
    if (isJsonObject(value)) {
      try {
        assertJsonLimits(value, column);
        return value;
      } catch {
        this.note(column, 'is too large or too deep', 'row');
        return {};
      }
    }
    if (!(Array.isArray(value) && value.length === 0)) this.note(column, 'is no JSON object');
    return {};
  }

  /** Requested name → name to use instead. */
  names(column: string): Record<string, string> {
    const entries = Object.entries(this.object(column));
    const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    if (texts.length < entries.length) this.note(column, 'has entries that are no texts, which were left out');
    return Object.fromEntries(texts);
  }

  /** `{model: 5}`, `{model: {budget_limit, time_period}}` or `{model: {max_budget, budget_duration}}`. */
  modelBudgets(column: string): Record<string, ModelBudget> {
    const budgets = Object.entries(this.object(column)).map(([model, value]): [string, ModelBudget] => {
      const amount = isJsonObject(value) ? (value.budget_limit ?? value.max_budget ?? null) : value;
      const duration = isJsonObject(value) ? (value.time_period ?? value.budget_duration ?? null) : null;
      const known = typeof duration === 'string' && parseDuration(duration) !== undefined;
      if (duration !== null && !known)
        this.note(column, `the window of ${model} is no duration; its budget holds for the whole life`);
      return [model, { maxBudgetNanoUsd: this.#ceilingOf(column, amount), budgetDuration: known ? duration : null }];
    });
    return Object.fromEntries(budgets);
  }

  budgetLimits(column: string): BudgetLimit[] {
    const value = this.raw(column);
    if (value === null || (isJsonObject(value) && Object.keys(value).length === 0)) return [];
    const limits = Array.isArray(value) ? value : [value];
    return limits.flatMap((limit) => {
      const duration = isJsonObject(limit) ? limit.budget_duration : null;
      if (isJsonObject(limit) && typeof duration === 'string' && parseDuration(duration) !== undefined) {
        return [{ budgetDuration: duration, maxBudgetNanoUsd: this.#ceilingOf(column, limit.max_budget ?? null) }];
      }
      this.note(column, 'has an entry without budget_duration and max_budget, which does not hold here');
      return [];
    });
  }

  /** Columns that say something and that nobody has asked for. */
  unused(): string[] {
    return Object.keys(this.#values).filter(
      (column) => !this.#asked.has(column) && saysSomething(this.#values[column]),
    );
  }

  #countOf(column: string, value: Json): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    this.note(column, 'is no whole number from 0 on; nothing is allowed');
    return 0;
  }

  #ceilingOf(column: string, value: Json): number {
    const nanoUsd = typeof value === 'number' ? toNanoUsd(value) : Number.NaN;
    if (nanoUsd >= 0 && nanoUsd <= MAX_NANO_USD) return value === 0 ? 0 : Math.max(1, nanoUsd);
    this.note(column, 'is no amount of dollars that can be counted; nothing is allowed');
    return 0;
  }
}

/** Milliseconds since 1970 of a text that may not say that it is in UTC; undefined: it is no moment. */
export function toMoment(value: Json): number | undefined {
  if (typeof value !== 'string') return undefined;
  const ms = Date.parse(/(Z|[+-]\d\d(:?\d\d)?)$/.test(value) ? value : `${value}Z`);
  return Number.isFinite(ms) ? ms : undefined;
}

function toSpent(value: Json): number | undefined {
  const nanoUsd = typeof value === 'number' ? toNanoUsd(value) : Number.NaN;
  return nanoUsd >= 0 && nanoUsd <= MAX_NANO_USD ? nanoUsd : undefined;
}

function saysSomething(value: Json | undefined): boolean {
  if (value === null || value === undefined || value === false || value === '' || value === 0) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
