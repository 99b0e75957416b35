import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDuration, type Duration, durationSeconds, parseDuration } from './duration.ts';

const at = (iso: string): number => Date.parse(iso);

describe('parseDuration', () => {
  test.each<[string, Duration]>([
    ['30s', { count: 30, unit: 's' }],
    ['5m', { count: 5, unit: 'm' }],
    ['24h', { count: 24, unit: 'h' }],
    ['30d', { count: 30, unit: 'd' }],
    ['2w', { count: 2, unit: 'w' }],
    ['1mo', { count: 1, unit: 'mo' }],
    ['36525d', { count: 36_525, unit: 'd' }],
    ['1200mo', { count: 1_200, unit: 'mo' }],
  ])('reads %s', (text, duration) => {
    expect(parseDuration(text)).toEqual(duration);
  });

  test.each([
    '',
    '0s',
    '0d',
    '-1',
    '-1d',
    '+1d',
    '1.5h',
    '1e3s',
    'NaN',
    'NaNd',
    'Infinityd',
    '30',
    'd',
    '30x',
    '30D',
    '1y',
    ' 1d',
    '1d ',
    '1d\n',
    '1 d',
    '1d2h',
    '01d',
    '٣d',
    '36526d',
    '1201mo',
    '5218w',
    '99999999999s',
    `${'9'.repeat(400)}s`,
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('whatever is accepted is written back as it was, and ends at a real date after its start', () => {
    const start = at('2024-02-29T12:00:00Z');
    const anything = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc
        .tuple(fc.integer({ min: -10, max: 5_000_000_000 }), fc.constantFrom('s', 'm', 'h', 'd', 'w', 'mo', 'y', ''))
        .map(([count, unit]) => `${count}${unit}`),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const duration = parseDuration(text);
        if (duration === undefined) return;
        expect(`${duration.count}${duration.unit}`).toBe(text);
        const end = addDuration(start, duration);
        expect(end).toBeGreaterThan(start);
        expect(Number.isNaN(new Date(end).getTime())).toBe(false);
      }),
    );
  });
});

describe('addDuration', () => {
  test.each([
    ['2024-01-31T10:20:30.456Z', '1mo', '2024-02-29T10:20:30.456Z'],
    ['2023-01-31T10:20:30.456Z', '1mo', '2023-02-28T10:20:30.456Z'],
    ['2024-01-30T00:00:00.000Z', '1mo', '2024-02-29T00:00:00.000Z'],
    ['2024-12-31T23:59:59.999Z', '2mo', '2025-02-28T23:59:59.999Z'],
    ['2024-02-29T00:00:00.000Z', '12mo', '2025-02-28T00:00:00.000Z'],
    ['2024-03-31T00:00:00.000Z', '1mo', '2024-04-30T00:00:00.000Z'],
    ['2024-05-15T00:00:00.000Z', '7mo', '2024-12-15T00:00:00.000Z'],
    ['2024-03-31T00:30:00.000Z', '1d', '2024-04-01T00:30:00.000Z'],
    ['2024-02-28T00:00:00.000Z', '2w', '2024-03-13T00:00:00.000Z'],
    ['2024-02-28T23:59:59.000Z', '1s', '2024-02-29T00:00:00.000Z'],
    ['2024-02-28T23:59:59.000Z', '90m', '2024-02-29T01:29:59.000Z'],
    ['2024-02-28T23:59:59.000Z', '25h', '2024-03-01T00:59:59.000Z'],
  ])('%s + %s = %s', (from, text, to) => {
    const duration = parseDuration(text) as Duration;
    expect(new Date(addDuration(at(from), duration)).toISOString()).toBe(to);
  });

  test('n months end in the n-th month on, on the same day or on the last one of a shorter month', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
        fc.integer({ min: 1, max: 1_200 }),
        (from, count) => {
          const to = new Date(addDuration(from.getTime(), { count, unit: 'mo' }));
          const month = (date: Date): number => date.getUTCFullYear() * 12 + date.getUTCMonth();
          expect(month(to) - month(from)).toBe(count);
          const tomorrow = new Date(to.getTime() + 86_400_000);
          if (to.getUTCDate() !== from.getUTCDate()) {
            expect(to.getUTCDate()).toBeLessThan(from.getUTCDate());
            expect(tomorrow.getUTCDate()).toBe(1);
          }
          expect(to.getTime() % 86_400_000).toBe(from.getTime() % 86_400_000);
        },
      ),
    );
  });
});

describe('durationSeconds', () => {
  const february = at('2024-02-01T00:00:00Z');

  test.each([
    ['30s', 30],
    ['30m', 1_800],
    ['30h', 108_000],
    ['30d', 2_592_000],
    ['1w', 604_800],
    ['1mo', 29 * 86_400],
  ])('%s is %i seconds', (text, seconds) => {
    expect(durationSeconds(text, february)).toBe(seconds);
  });

  test('is undefined for what is not a duration', () => {
    expect(durationSeconds('-1', february)).toBeUndefined();
  });
});
