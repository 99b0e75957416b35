/**
 * Budget windows by the clock. A window is named by nothing but its start, so a new window needs no job: the first
 * call after the boundary, in any process, counts into a new one.
 *
 * | duration | window |
 * |---|---|
 * | `1d`, `24h` | from local midnight to the next |
 * | `7d`, `1w` | from the first day of the week (Monday, if nothing else is set) |
 * | `30d`, `1mo` | the calendar month |
 * | `Nmo` | N months, counted from a January (`3mo`: quarters) |
 * | other `Nd`, `Nw` | N local days, counted from the first day of the week of 5 January 1970 |
 * | `Nh`, under a day | N hours of the local day, the day's last window cut at midnight |
 * | `Nm`, `Ns` | N minutes or seconds, counted from 1970 |
 *
 * All but the last are cut by the wall clock of one time zone: on the days when clocks change, a day has 23 or 25
 * hours, and a boundary that the clock skips is the moment of the skip.
 */
import { DAY_MS, type Duration, HOUR_MS, MINUTE_MS, parseDuration, SECOND_MS } from './duration.ts';
import { GatewayError } from './gateway-error.ts';
import { createWallClock } from './wall-clock.ts';

/** From `startMs` up to, not including, `endMs`. */
export interface BudgetWindow {
  readonly startMs: number;
  readonly endMs: number;
}

export interface BudgetCalendar {
  /** The window of this duration that `nowMs` is in. Throws bad_request when the text is not a duration. */
  windowAt(duration: string, nowMs: number): BudgetWindow;
}

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export interface BudgetCalendarOptions {
  /** IANA name of the zone, `Europe/Berlin`. Throws bad_request when it is unknown. */
  timeZone: string;
  /** Monday when absent. */
  weekStart?: Weekday;
}

/** One window per duration is remembered; more durations than this are not in use at the same time anywhere. */
const REMEMBERED_DURATIONS = 64;
/** 5 January 1970, a Monday, in days since 1 January 1970. */
const MONDAY = 4;

/** Windows of one time zone. Asked several times per call, it answers from the last window while that one lasts. */
export function createBudgetCalendar({ timeZone, weekStart = 'monday' }: BudgetCalendarOptions): BudgetCalendar {
  const wallClock = createWallClock(timeZone);
  const firstDay = MONDAY + WEEKDAYS.indexOf(weekStart);
  const last = new Map<string, BudgetWindow>();

  const computeWindow = (text: string, nowMs: number): BudgetWindow => {
    const duration = parseDuration(text);
    if (duration === undefined) {
      throw new GatewayError(
        'bad_request',
        `Unsupported duration value ${JSON.stringify(text.slice(0, 40))}: write a positive integer and s, m, h, d, w or mo, as in 30d`,
        { param: 'budget_duration' },
      );
    }
    const { grid, local } = toGrid(duration, firstDay);
    const toInstant = local ? wallClock.toInstantMs : (wallMs: number): number => wallMs;
    let index = grid.indexOf(local ? wallClock.toWallMs(nowMs) : nowMs);
    // Where clocks change, the wall may show another window's time than the one that has begun: look one further.
    while (toInstant(grid.startOf(index)) > nowMs) index -= 1;
    while (toInstant(grid.startOf(index + 1)) <= nowMs) index += 1;
    return { startMs: toInstant(grid.startOf(index)), endMs: toInstant(grid.startOf(index + 1)) };
  };

  return {
    windowAt(text, nowMs) {
      const known = last.get(text);
      if (known !== undefined && known.startMs <= nowMs && nowMs < known.endMs) return known;
      const window = computeWindow(text, nowMs);
      if (known === undefined && last.size >= REMEMBERED_DURATIONS) last.clear();
      last.set(text, window);
      return window;
    },
  };
}

/** Numbered windows over a line of time: `startOf(indexOf(t)) ≤ t < startOf(indexOf(t) + 1)`. */
interface Grid {
  indexOf(timeMs: number): number;
  startOf(index: number): number;
}

/** `local`: the line is the wall clock's; otherwise it is that of instants. */
function toGrid({ count, unit }: Duration, firstDay: number): { grid: Grid; local: boolean } {
  switch (unit) {
    case 's':
      return { grid: evenGrid(count * SECOND_MS, 0), local: false };
    case 'm':
      return { grid: evenGrid(count * MINUTE_MS, 0), local: false };
    case 'h':
      if (count < 24) return { grid: hoursOfDayGrid(count), local: true };
      return { grid: evenGrid(count * HOUR_MS, firstDay * DAY_MS), local: true };
    case 'd':
      if (count === 30) return { grid: monthGrid(1), local: true };
      return { grid: evenGrid(count * DAY_MS, firstDay * DAY_MS), local: true };
    case 'w':
      return { grid: evenGrid(count * 7 * DAY_MS, firstDay * DAY_MS), local: true };
    case 'mo':
      return { grid: monthGrid(count), local: true };
  }
}

function evenGrid(lengthMs: number, originMs: number): Grid {
  return {
    indexOf: (timeMs) => Math.floor((timeMs - originMs) / lengthMs),
    startOf: (index) => originMs + index * lengthMs,
  };
}

function hoursOfDayGrid(hours: number): Grid {
  const perDay = Math.ceil(24 / hours);
  return {
    indexOf: (timeMs) => {
      const day = Math.floor(timeMs / DAY_MS);
      return day * perDay + Math.floor((timeMs - day * DAY_MS) / (hours * HOUR_MS));
    },
    startOf: (index) => {
      const day = Math.floor(index / perDay);
      return day * DAY_MS + (index - day * perDay) * hours * HOUR_MS;
    },
  };
}

function monthGrid(months: number): Grid {
  return {
    indexOf: (timeMs) => {
      const date = new Date(timeMs);
      return Math.floor((date.getUTCFullYear() * 12 + date.getUTCMonth()) / months);
    },
    startOf: (index) => {
      const date = new Date(0);
      date.setUTCFullYear(Math.floor((index * months) / 12), (index * months) % 12, 1);
      return date.getTime();
    },
  };
}
