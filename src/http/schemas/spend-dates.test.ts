import { describe, expect, test } from 'vitest';
import { parseMoment, parseSpan } from './spend-dates.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 10, 23);

describe('a date', () => {
  test.each([
    ['2026-11-23', START, START + DAY_MS],
    ['2026-11-23 14:05:00', START + 50_700_000, START + 50_701_000],
    ['2026-11-23T14:05:00Z', START + 50_700_000, START + 50_701_000],
    [' 2024-02-29 ', Date.UTC(2024, 1, 29), Date.UTC(2024, 2, 1)],
  ])('%s is a span of a day or a second, in UTC', (text, startMs, endMs) => {
    expect(parseMoment(text, 'start_date')).toEqual({ startMs, endMs });
  });

  test.each([
    '',
    'today',
    '2026-13-01',
    '2026-02-30',
    '2025-02-29',
    '26-1-1',
    '2026-11-23 25:00:00',
    "2026-11-23' --",
    '1e9',
  ])('%j is none, and the parameter is named', (text) => {
    expect(() => parseMoment(text, 'end_date')).toThrow(
      expect.objectContaining({ code: 'bad_request', param: 'end_date' }),
    );
  });
});

describe('a span', () => {
  test('holds both its days', () => {
    expect(parseSpan('2026-11-23', '2026-11-23')).toEqual({ fromMs: START, toMs: START + DAY_MS });
  });

  test('may be open at either end', () => {
    expect(parseSpan('2026-11-23', undefined)).toEqual({ fromMs: START });
    expect(parseSpan(undefined, undefined)).toEqual({});
  });

  test('cannot end before it starts', () => {
    expect(() => parseSpan('2026-11-24', '2026-11-23')).toThrow('start_date has to come before end_date');
  });
});
