import { expect, test } from 'vitest';
import { buildIntent } from './__fixtures__/calls.ts';
import { fromIntentRow, toIntentRow } from './intent-row.ts';

test('every value comes back as the field that it was, and none is left out', () => {
  const marked = Object.fromEntries(Object.keys(buildIntent('r1')).map((field) => [field, `value of ${field}`]));
  expect(fromIntentRow(toIntentRow(marked as never))).toEqual(marked);
});

test('the order is that of journals written earlier', () => {
  const intent = buildIntent('r1', { organizationId: 'org', endUser: 'eve' });
  expect(toIntentRow(intent).slice(0, 10)).toEqual([
    'r1',
    intent.startedAtMs,
    'acompletion',
    'key_1',
    'a'.repeat(64),
    'my key',
    'user_1',
    'team_1',
    'org',
    'eve',
  ]);
  expect(toIntentRow(intent).slice(10)).toEqual([
    ['blue', 'green'],
    'gpt-4o-mini',
    'gpt-4o-mini',
    false,
    '127.0.0.1',
    intent.balances,
    9_000,
  ]);
});
