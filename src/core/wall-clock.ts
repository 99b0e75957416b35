/**
 * What the clock on the wall of a time zone shows, and when it first shows a given time.
 * A wall time is written as the milliseconds at which a clock in UTC would show the same date and time.
 */
import { DAY_MS, SECOND_MS } from './duration.ts';
import { GatewayError } from './gateway-error.ts';

export interface WallClock {
  /** What the wall shows at an instant. */
  toWallMs(instantMs: number): number;
  /**
   * The first instant at which the wall shows this time or a later one. Of a time that comes twice it is the first,
   * of a time that is skipped it is the moment of the skip.
   */
  toInstantMs(wallMs: number): number;
}

/** Throws bad_request for a zone that the runtime does not know. */
export function createWallClock(timeZone: string): WallClock {
  const format = createFormat(timeZone);

  const offsetAt = (instantMs: number): number => {
    const wholeSecondMs = Math.floor(instantMs / SECOND_MS) * SECOND_MS;
    const shown = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of format.formatToParts(wholeSecondMs)) {
      if (type in shown) shown[type as keyof typeof shown] = Number(value);
    }
    const { year, month, day, hour, minute, second } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSecondMs;
  };

  /** The instant between the two at which the zone leaves its first offset. */
  const findSkip = (beforeMs: number, afterMs: number): number => {
    const offset = offsetAt(beforeMs);
    let low = beforeMs;
    let high = afterMs;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle) === offset) low = middle;
      else high = middle;
    }
    return high;
  };

  return {
    toWallMs: (instantMs) => instantMs + offsetAt(instantMs),
    toInstantMs: (wallMs) => {
      const guess = wallMs - offsetAt(wallMs);
      const before = offsetAt(guess - DAY_MS);
      const after = offsetAt(guess + DAY_MS);
      const early = wallMs - Math.max(before, after);
      if (before === after) return early;
      if (early + offsetAt(early) === wallMs) return early;
      const late = wallMs - Math.min(before, after);
      if (late + offsetAt(late) === wallMs) return late;
      return findSkip(guess - DAY_MS, guess + DAY_MS);
    },
  };
}

function createFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new GatewayError('bad_request', `Unknown time zone ${JSON.stringify(timeZone.slice(0, 60))}`, {
      param: 'timezone',
      cause,
    });
  }
}
