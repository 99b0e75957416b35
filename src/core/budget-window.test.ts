import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BudgetWindow, createBudgetCalendar, type Weekday } from './budget-window.ts';
import { GatewayError } from './gateway-error.ts';

const at = (iso: string): number => Date.parse(iso);
const shown = (window: BudgetWindow): [string, string] => [
  new Date(window.startMs).toISOString(),
  new Date(window.endMs).toISOString(),
];

/** [zone, duration, now, start, end]; now is tried, and so are the first and the last millisecond of the window. */
const table: [string, string, string, string, string][] = [
  // Days
  ['UTC', '1d', '2024-11-11T06:05:34.123Z', '2024-11-11T00:00:00.000Z', '2024-11-12T00:00:00.000Z'],
  ['UTC', '24h', '2024-11-11T06:05:34.123Z', '2024-11-11T00:00:00.000Z', '2024-11-12T00:00:00.000Z'],
  ['Asia/Kolkata', '1d', '2024-11-11T20:00:00.000Z', '2024-11-11T18:30:00.000Z', '2024-11-12T18:30:00.000Z'],
  ['Asia/Kathmandu', '1d', '2024-11-11T20:00:00.000Z', '2024-11-11T18:15:00.000Z', '2024-11-12T18:15:00.000Z'],
  ['Europe/Berlin', '1d', '2024-07-01T21:59:59.999Z', '2024-06-30T22:00:00.000Z', '2024-07-01T22:00:00.000Z'],
  // The day of 23 hours and the day of 25
  ['Europe/Berlin', '1d', '2024-03-31T12:00:00.000Z', '2024-03-30T23:00:00.000Z', '2024-03-31T22:00:00.000Z'],
  ['Europe/Berlin', '1d', '2024-10-27T12:00:00.000Z', '2024-10-26T22:00:00.000Z', '2024-10-27T23:00:00.000Z'],
  ['America/New_York', '1d', '2024-03-10T12:00:00.000Z', '2024-03-10T05:00:00.000Z', '2024-03-11T04:00:00.000Z'],
  ['America/New_York', '1d', '2024-11-03T12:00:00.000Z', '2024-11-03T04:00:00.000Z', '2024-11-04T05:00:00.000Z'],
  // Clocks that change at midnight: it is skipped in Beirut and comes twice in Havana
  ['Asia/Beirut', '1d', '2024-03-31T12:00:00.000Z', '2024-03-30T22:00:00.000Z', '2024-03-31T21:00:00.000Z'],
  ['America/Havana', '1d', '2024-11-03T12:00:00.000Z', '2024-11-03T04:00:00.000Z', '2024-11-04T05:00:00.000Z'],
  // Clocks that change by half an hour, and a whole day that never was
  ['Australia/Lord_Howe', '1d', '2024-04-07T01:00:00.000Z', '2024-04-06T13:00:00.000Z', '2024-04-07T13:30:00.000Z'],
  ['Pacific/Apia', '1d', '2011-12-30T11:00:00.000Z', '2011-12-30T10:00:00.000Z', '2011-12-31T10:00:00.000Z'],
  ['Pacific/Apia', '1d', '2011-12-30T09:00:00.000Z', '2011-12-29T10:00:00.000Z', '2011-12-30T10:00:00.000Z'],
  // Weeks
  ['UTC', '7d', '2024-11-13T06:00:00.000Z', '2024-11-11T00:00:00.000Z', '2024-11-18T00:00:00.000Z'],
  ['UTC', '1w', '2024-11-17T23:59:59.999Z', '2024-11-11T00:00:00.000Z', '2024-11-18T00:00:00.000Z'],
  ['UTC', '168h', '2024-11-13T06:00:00.000Z', '2024-11-11T00:00:00.000Z', '2024-11-18T00:00:00.000Z'],
  ['Europe/Berlin', '7d', '2024-03-31T12:00:00.000Z', '2024-03-24T23:00:00.000Z', '2024-03-31T22:00:00.000Z'],
  ['America/New_York', '1w', '2024-11-03T12:00:00.000Z', '2024-10-28T04:00:00.000Z', '2024-11-04T05:00:00.000Z'],
  ['UTC', '2w', '2024-11-13T06:00:00.000Z', '2024-11-11T00:00:00.000Z', '2024-11-25T00:00:00.000Z'],
  ['UTC', '14d', '2024-11-13T06:00:00.000Z', '2024-11-11T00:00:00.000Z', '2024-11-25T00:00:00.000Z'],
  // Days counted from a Monday
  ['UTC', '3d', '1970-01-05T00:00:00.000Z', '1970-01-05T00:00:00.000Z', '1970-01-08T00:00:00.000Z'],
  ['UTC', '3d', '1970-01-04T12:00:00.000Z', '1970-01-02T00:00:00.000Z', '1970-01-05T00:00:00.000Z'],
  ['UTC', '48h', '1970-01-07T12:00:00.000Z', '1970-01-07T00:00:00.000Z', '1970-01-09T00:00:00.000Z'],
  // Months
  ['UTC', '1mo', '2024-01-31T23:59:59.999Z', '2024-01-01T00:00:00.000Z', '2024-02-01T00:00:00.000Z'],
  ['UTC', '30d', '2024-01-31T12:00:00.000Z', '2024-01-01T00:00:00.000Z', '2024-02-01T00:00:00.000Z'],
  ['UTC', '1mo', '2024-02-29T12:00:00.000Z', '2024-02-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
  ['UTC', '1mo', '2023-02-28T12:00:00.000Z', '2023-02-01T00:00:00.000Z', '2023-03-01T00:00:00.000Z'],
  ['UTC', '1mo', '2023-12-31T12:00:00.000Z', '2023-12-01T00:00:00.000Z', '2024-01-01T00:00:00.000Z'],
  ['Asia/Kolkata', '1mo', '2024-02-29T18:30:00.000Z', '2024-02-29T18:30:00.000Z', '2024-03-31T18:30:00.000Z'],
  ['Europe/Berlin', '1mo', '2024-03-31T12:00:00.000Z', '2024-02-29T23:00:00.000Z', '2024-03-31T22:00:00.000Z'],
  ['America/New_York', '30d', '2024-11-30T12:00:00.000Z', '2024-11-01T04:00:00.000Z', '2024-12-01T05:00:00.000Z'],
  ['UTC', '3mo', '2024-05-15T00:00:00.000Z', '2024-04-01T00:00:00.000Z', '2024-07-01T00:00:00.000Z'],
  ['UTC', '12mo', '2024-05-15T00:00:00.000Z', '2024-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z'],
  ['UTC', '2mo', '2024-12-15T00:00:00.000Z', '2024-11-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z'],
  // Hours of the local day
  ['UTC', '1h', '2024-11-11T06:59:59.999Z', '2024-11-11T06:00:00.000Z', '2024-11-11T07:00:00.000Z'],
  ['UTC', '6h', '2024-11-11T06:05:00.000Z', '2024-11-11T06:00:00.000Z', '2024-11-11T12:00:00.000Z'],
  ['UTC', '5h', '2024-11-11T23:00:00.000Z', '2024-11-11T20:00:00.000Z', '2024-11-12T00:00:00.000Z'],
  ['UTC', '23h', '2024-11-11T23:30:00.000Z', '2024-11-11T23:00:00.000Z', '2024-11-12T00:00:00.000Z'],
  ['Asia/Kolkata', '1h', '2024-11-11T06:45:00.000Z', '2024-11-11T06:30:00.000Z', '2024-11-11T07:30:00.000Z'],
  ['Europe/Berlin', '12h', '2024-03-31T12:00:00.000Z', '2024-03-31T10:00:00.000Z', '2024-03-31T22:00:00.000Z'],
  ['Europe/Berlin', '1h', '2024-03-31T01:30:00.000Z', '2024-03-31T01:00:00.000Z', '2024-03-31T02:00:00.000Z'],
  ['Europe/Berlin', '1h', '2024-10-27T01:30:00.000Z', '2024-10-27T00:00:00.000Z', '2024-10-27T02:00:00.000Z'],
  // Minutes and seconds
  ['UTC', '1m', '2024-11-11T06:05:34.123Z', '2024-11-11T06:05:00.000Z', '2024-11-11T06:06:00.000Z'],
  ['Asia/Kolkata', '15m', '2024-11-11T06:05:34.123Z', '2024-11-11T06:00:00.000Z', '2024-11-11T06:15:00.000Z'],
  ['UTC', '30s', '2024-11-11T06:05:34.123Z', '2024-11-11T06:05:30.000Z', '2024-11-11T06:06:00.000Z'],
];

describe('windowAt', () => {
  test.each(table)('%s, %s at %s: from %s to %s', (timeZone, duration, now, start, end) => {
    const calendar = createBudgetCalendar({ timeZone });
    for (const nowMs of [at(now), at(start), at(end) - 1]) {
      expect(shown(calendar.windowAt(duration, nowMs))).toEqual([start, end]);
    }
    expect(calendar.windowAt(duration, at(end)).startMs).toBe(at(end));
    expect(calendar.windowAt(duration, at(start) - 1).endMs).toBe(at(start));
  });

  test.each<[Weekday, string]>([
    ['monday', '2024-11-11T00:00:00.000Z'],
    ['tuesday', '2024-11-12T00:00:00.000Z'],
    ['saturday', '2024-11-09T00:00:00.000Z'],
    ['sunday', '2024-11-10T00:00:00.000Z'],
  ])('a week that begins on %s', (weekStart, start) => {
    const calendar = createBudgetCalendar({ timeZone: 'UTC', weekStart });
    expect(calendar.windowAt('7d', at('2024-11-13T06:00:00Z')).startMs).toBe(at(start));
    expect(calendar.windowAt('1w', at('2024-11-13T06:00:00Z')).startMs).toBe(at(start));
  });

  test.each(['', '0d', '-1', '1y', 'NaN', '1.5h', '101mo2', '99999999999s'])('refuses the duration %j', (text) => {
    const calendar = createBudgetCalendar({ timeZone: 'UTC' });
    expect(() => calendar.windowAt(text, 0)).toThrow(GatewayError);
    expect(() => calendar.windowAt(text, 0)).toThrow(/Unsupported duration value/);
  });

  test.each(['', 'Mars/Olympus', 'Europe/Berlinn'])('refuses the zone %j at creation', (timeZone) => {
    expect(() => createBudgetCalendar({ timeZone })).toThrow(GatewayError);
    expect(() => createBudgetCalendar({ timeZone })).toThrow(/Unknown time zone/);
  });

  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Asia/Beirut',
    'America/Havana',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Africa/Casablanca',
  ];
  const durations = ['1h', '5h', '12h', '36h', '1d', '3d', '7d', '30d', '45d', '2w', '1mo', '5mo', '90m', '7s'];

  test('windows tile time: no gap, no overlap, and every moment is in its own', () => {
    const calendars = zones.map((timeZone) => createBudgetCalendar({ timeZone }));
    const moment = fc.integer({ min: at('1969-06-01T00:00:00Z'), max: at('2060-01-01T00:00:00Z') });
    fc.assert(
      fc.property(fc.constantFrom(...calendars), fc.constantFrom(...durations), moment, (calendar, duration, now) => {
        const window = calendar.windowAt(duration, now);
        expect(window.startMs).toBeLessThanOrEqual(now);
        expect(now).toBeLessThan(window.endMs);
        const next = calendar.windowAt(duration, window.endMs);
        expect(next.startMs).toBe(window.endMs);
        const previous = calendar.windowAt(duration, window.startMs - 1);
        expect(previous.endMs).toBe(window.startMs);
        expect(calendar.windowAt(duration, window.startMs)).toEqual(window);
        expect(calendar.windowAt(duration, next.startMs - 1)).toEqual(window);
      }),
      { numRuns: 300 },
    );
  });

  test('what is remembered never changes an answer, however many durations are in use', () => {
    const used = createBudgetCalendar({ timeZone: 'America/New_York' });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 0, max: 4e12 }), (count, now) => {
        const fresh = createBudgetCalendar({ timeZone: 'America/New_York' });
        expect(used.windowAt(`${count}d`, now)).toEqual(fresh.windowAt(`${count}d`, now));
        expect(used.windowAt(`${count}d`, now + 1)).toEqual(fresh.windowAt(`${count}d`, now + 1));
      }),
    );
  });
});
