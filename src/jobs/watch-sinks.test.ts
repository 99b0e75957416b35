import { expect, test } from 'vitest';
import { createSinkWatch } from './watch-sinks.ts';

const WELL: {
  type: string;
  isGlobal: boolean;
  failure: string | null;
  queued: number;
  oldestMs: number;
  dropped: number;
} = {
  type: 'gcs_bucket',
  isGlobal: true,
  failure: null,
  queued: 0,
  oldestMs: 0,
  dropped: 0,
};

test('a kind of sink that fails for a minute is reported, and again when it takes records', () => {
  let nowMs = 0;
  let stats = [WELL, WELL];
  const reports: unknown[][] = [];
  const look = createSinkWatch({
    stats: () => stats,
    report: (...report) => reports.push(report),
    nowMs: () => nowMs,
  });
  const failing = { ...WELL, failure: 'refused for a secret', queued: 7, dropped: 2 };

  stats = [WELL, failing];
  look();
  nowMs = 59_999;
  look();
  expect(reports).toEqual([]);

  nowMs = 60_000;
  look();
  expect(reports).toEqual([['Sink gcs_bucket', true, 'Destinations: 1\nWaiting: 7\nDropped: 2']]);

  stats = [];
  look();
  expect(reports[1]).toEqual(['Sink gcs_bucket', false]);
});

test('records that have waited longer than a minute are reported at once', () => {
  const reports: unknown[][] = [];
  createSinkWatch({
    stats: () => [{ ...WELL, failure: 'away', queued: 1, oldestMs: 60_000 }],
    report: (...report) => reports.push(report),
    nowMs: () => 0,
  })();
  expect(reports).toHaveLength(1);
});

test('what a key has wrong does not hide that records of the configuration wait', () => {
  const reports: unknown[][] = [];
  const ofKey = { ...WELL, isGlobal: false, failure: 'its own', queued: 1, oldestMs: 60_000 };
  let stats = [WELL, ofKey];
  const look = createSinkWatch({
    stats: () => stats,
    report: (...report) => reports.push(report.slice(0, 2)),
    nowMs: () => 0,
  });
  look();
  expect(reports.filter(([, isAway]) => isAway)).toEqual([['Sink gcs_bucket of Keys or Teams', true]]);
  stats = [{ ...WELL, failure: 'away', queued: 1, oldestMs: 60_000 }, ofKey];
  look();
  expect(reports.at(-2)).toEqual(['Sink gcs_bucket', true]);
});
