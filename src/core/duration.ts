/**
 * Durations as LiteLLM's clients write them: a positive integer and a unit, `30s`, `15m`, `24h`, `7d`, `2w`, `1mo`.
 * All units but the month have a fixed length; `mo` is a calendar month. Nothing longer than a century is accepted, so
 * that no sum leaves the range of dates.
 */
export type DurationUnit = 's' | 'm' | 'h' | 'd' | 'w' | 'mo';

export interface Duration {
  /** A positive integer. */
  count: number;
  unit: DurationUnit;
}

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const UNIT_MS = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS } as const;
const CENTURY_MS = 36_525 * DAY_MS;
const CENTURY_MONTHS = 1_200;
const GRAMMAR = /^([1-9][0-9]{0,9})(s|m|h|d|w|mo)$/;

/** Reads a duration; undefined for everything else: zero, negative, fractional, an unknown unit, over 100 years. */
export function parseDuration(text: string): Duration | undefined {
  const match = GRAMMAR.exec(text);
  if (match === null) return undefined;
  const count = Number(match[1]);
  const unit = match[2] as DurationUnit;
  const fits = unit === 'mo' ? count <= CENTURY_MONTHS : count * UNIT_MS[unit] <= CENTURY_MS;
  return fits ? { count, unit } : undefined;
}

/** No time at all, as in `0s`: no duration to anything that lasts, and a way to say now to what ends. */
export function isNoTime(text: string | null | undefined): boolean {
  return typeof text === 'string' && /^0(s|m|h|d|w|mo)$/.test(text);
}

/**
 * The moment that is `duration` after `fromMs`. Months keep the day and the time of day (UTC), and where the target
 * month is too short its last day is taken: 31 January + 1mo is 28 or 29 February.
 */
export function addDuration(fromMs: number, duration: Duration): number {
  if (duration.unit !== 'mo') return fromMs + duration.count * UNIT_MS[duration.unit];
  const from = new Date(fromMs);
  const day = from.getUTCDate();
  const target = new Date(fromMs);
  target.setUTCDate(1);
  target.setUTCMonth(from.getUTCMonth() + duration.count);
  const lastDay = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  target.setUTCDate(Math.min(day, lastDay));
  return target.getTime();
}

/** Length in seconds, for comparing durations; months are measured from `nowMs` on. Undefined: not a duration. */
export function durationSeconds(text: string, nowMs: number): number | undefined {
  const duration = parseDuration(text);
  return duration === undefined ? undefined : (addDuration(nowMs, duration) - nowMs) / SECOND_MS;
}
