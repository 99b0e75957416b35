/** What reports over the daily sums are asked with. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { UsageFilter } from '../../management/spend/ask-usage.ts';
import { LaxBoolean } from './key-shapes.ts';
import { parseMoment } from './spend-dates.ts';

/** `?user_id=` without a value asks for nothing in particular. */
export const optionalText = z
  .string()
  .optional()
  .transform((value) => (value === '' ? undefined : value));

export const DAY_SHAPE = {
  start_date: optionalText.describe('First day, YYYY-MM-DD, UTC; included. Required.'),
  end_date: optionalText.describe('Last day, YYYY-MM-DD, UTC; included. Required.'),
};

const DAY_MS = 86_400_000;
/** A leap year. */
const MAX_DAYS = 366;
/** No clock on earth is further than 14 hours from UTC's. */
const MAX_OFFSET_MINUTES = 1_440;

/** For clients whose day is not UTC's. */
export const LOCAL_DAY_SHAPE = {
  timezone: z.coerce
    .number({ error: 'Input should be a valid integer' })
    .int({ error: 'Input should be a valid integer' })
    .min(-MAX_OFFSET_MINUTES)
    .max(MAX_OFFSET_MINUTES)
    .optional()
    .describe('Minutes that UTC is ahead of the client, as JavaScript counts them: 480 for PST. Sums are of UTC days.'),
  include_current_utc_day: LaxBoolean.optional().describe(
    "With timezone: a range that ends on the client's present day reaches to the present day of UTC.",
  ),
};
interface LocalDayInput {
  timezone?: number | undefined;
  include_current_utc_day?: boolean | undefined;
}

interface DayInput {
  start_date: string | undefined;
  end_date: string | undefined;
}
type Days = Pick<UsageFilter, 'firstDay' | 'lastDay'>;

/** Throws bad_request naming the date that is missing, is none, or makes the range too long. */
export function parseDays({ start_date: start, end_date: end }: DayInput): Days {
  if (start === undefined || end === undefined) {
    throw new GatewayError('dates_missing', 'start_date and end_date are required, as YYYY-MM-DD in UTC.', {
      param: start === undefined ? 'start_date' : 'end_date',
    });
  }
  const firstMs = startOfDay(parseMoment(start, 'start_date').startMs);
  const lastMs = startOfDay(parseMoment(end, 'end_date').startMs);
  if (firstMs > lastMs) {
    throw new GatewayError('bad_request', 'start_date has to come before end_date.', { param: 'start_date' });
  }
  const days = (lastMs - firstMs) / DAY_MS + 1;
  if (days > MAX_DAYS) {
    const message = `From start_date to end_date are ${days} days; a report covers at most ${MAX_DAYS}. Ask for a shorter range.`;
    throw new GatewayError('bad_request', message, { param: 'end_date' });
  }
  return { firstDay: toDay(firstMs), lastDay: toDay(lastMs) };
}

/**
 * West of UTC its next day begins while the client's is still going on. A range that ends on the client's today then takes
 * in UTC's today, of which nothing but the part that has been can hold calls. Ranges that have passed stay as they are.
 */
export function withCurrentDay(days: Days, input: LocalDayInput, nowMs: number): Days {
  const { timezone, include_current_utc_day: wanted } = input;
  if (wanted !== true || timezone === undefined) return days;
  const [localToday, utcToday] = [toDay(nowMs - timezone * 60_000), toDay(nowMs)];
  return days.lastDay >= localToday && days.lastDay < utcToday ? { ...days, lastDay: utcToday } : days;
}

/** The same, where without dates the last 30 days are meant. One date alone is refused. */
export function parseRecentDays(query: DayInput, nowMs: number): Days {
  if (query.start_date !== undefined || query.end_date !== undefined) return parseDays(query);
  return { firstDay: toDay(nowMs - 29 * DAY_MS), lastDay: toDay(nowMs) };
}

/** `a,b` → a list. Undefined: nothing was asked for. */
export function parseNames(...texts: readonly (string | undefined)[]): string[] | undefined {
  const names = texts.flatMap((text) => (text === undefined ? [] : text.split(',')));
  const given = names.map((name) => name.trim()).filter((name) => name !== '');
  return given.length === 0 ? undefined : given;
}

type Present<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Drops the members that are undefined, which a filter may not hold. */
export function withoutAbsent<T extends object>(filter: T): Present<T> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as Present<T>;
}

function startOfDay(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

function toDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
