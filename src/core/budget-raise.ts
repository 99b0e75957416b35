import type { JsonObject } from './json.ts';
import { toNanoUsd } from './money.ts';

/** What an administrator has added to a budget until a date (`temp_budget_increase`, `temp_budget_expiry`). */
export interface BudgetRaise {
  nanoUsd: number;
  /** From this moment on the budget is what it was. */
  untilMs: number;
}

/** LiteLLM keeps both in the owner's metadata. What is not a pair of an amount and a time raises nothing. */
export function parseBudgetRaise({ temp_budget_increase, temp_budget_expiry }: JsonObject): BudgetRaise | null {
  if (temp_budget_increase === undefined || typeof temp_budget_expiry !== 'string') return null;
  const usd = typeof temp_budget_increase === 'string' ? Number(temp_budget_increase) : temp_budget_increase;
  const untilMs = parseTime(temp_budget_expiry);
  if (typeof usd !== 'number' || !(usd > 0) || usd > MAX_USD || untilMs === null) return null;
  return { nanoUsd: toNanoUsd(usd), untilMs };
}

/** Integers up to here are exact in nano-dollars. */
const MAX_USD = 9_000_000;
const OFFSET = /(?:z|[+-]\d{2}:?\d{2})$/i;
const DATE_ONLY = /^\d{4}-\d{2}-\d{2}$/;

/** An ISO date or time. One that names no zone is UTC, wherever this process runs. */
function parseTime(text: string): number | null {
  const trimmed = text.trim();
  const atMs = Date.parse(DATE_ONLY.test(trimmed) || OFFSET.test(trimmed) ? trimmed : `${trimmed}Z`);
  return Number.isNaN(atMs) ? null : atMs;
}
