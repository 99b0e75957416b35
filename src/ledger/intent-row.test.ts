import { expect, test } from 'vitest';
import { JsonBytes } from '../core/json-bytes.ts';
import type { CallIntent } from '../core/spend-record.ts';
import { buildIntent } from './__fixtures__/calls.ts';
import { fromIntentRow, writeIntentRow } from './intent-row.ts';

function rowOf(intent: CallIntent): unknown[] {
  const out = new JsonBytes(16);
  writeIntentRow(out, intent);
  return JSON.parse(out.toString());
}

test('every value comes back as the field that it was, and none is left out', () => {
  const intent = buildIntent('r"1', { organizationId: 'org', endUser: 'é\ve', tags: [], sourceIp: null });
  expect(fromIntentRow(rowOf(intent))).toEqual(intent);
});

test('the order is that of journals written earlier', () => {
  const intent = buildIntent('r1', { organizationId: 'org', endUser: 'eve' });
  expect(rowOf(intent)).toEqual([
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
    ['blue', 'green'],
    'gpt-4o-mini',
    'gpt-4o-mini',
    false,
    '127.0.0.1',
    intent.balances,
    9_000,
  ]);
});
