import { expect, test } from 'vitest';
import { createCooldowns } from './cooldowns.ts';

function cooldownsAt(start: number) {
  let nowMs = start;
  const cooldowns = createCooldowns({ allowedFails: 2, cooldownMs: 5_000, nowMs: () => nowMs });
  return {
    cooldowns,
    advance: (ms: number) => {
      nowMs += ms;
    },
  };
}

test('more failures than allowed within a minute start a pause, which ends by the clock', () => {
  const { cooldowns, advance } = cooldownsAt(1_000);
  cooldowns.noteFailure('a', 500);
  cooldowns.noteFailure('a', 500);
  expect(cooldowns.isCooling('a')).toBe(false);
  cooldowns.noteFailure('a', 500);
  expect([cooldowns.isCooling('a'), cooldowns.isCooling('b')]).toEqual([true, false]);
  advance(5_000);
  expect(cooldowns.isCooling('a')).toBe(false);
});

test('failures that are far apart do not add up', () => {
  const { cooldowns, advance } = cooldownsAt(1_000);
  for (let failure = 0; failure < 5; failure += 1) {
    cooldowns.noteFailure('a', 500);
    advance(40_000);
  }
  expect(cooldowns.isCooling('a')).toBe(false);
});

test('too many requests start a pause at once', () => {
  const { cooldowns } = cooldownsAt(1_000);
  cooldowns.noteFailure('a', 429);
  expect(cooldowns.isCooling('a')).toBe(true);
});
