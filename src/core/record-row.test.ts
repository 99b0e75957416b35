import { expect, test } from 'vitest';
import { fromRecordRow, RECORD_POSITIONS, toRecordRow } from './record-row.ts';

const FIELDS = Object.keys(RECORD_POSITIONS);

test('every value stands at its position, and comes back as the field that it was', () => {
  const marked = Object.fromEntries(FIELDS.map((field) => [field, `value of ${field}`]));
  const row = toRecordRow(marked as never);
  expect(fromRecordRow(row)).toEqual(marked);
  for (const [field, position] of Object.entries(RECORD_POSITIONS)) expect(row[position]).toBe(`value of ${field}`);
});

test('the order is that of journals written earlier', () => {
  expect(FIELDS.join(' ')).toBe(
    'requestId responseId callType status startedAtMs endedAtMs firstTokenAtMs keyId keyHash keyAlias userId teamId ' +
      'organizationId endUser tags model modelGroup deploymentId provider apiBase promptTokens completionTokens ' +
      'totalTokens cacheReadTokens cacheWriteTokens reasoningTokens usageEstimated spendNanoUsd stream sourceIp ' +
      'sessionId httpStatus errorType metadata messages response balances',
  );
  expect(Object.values(RECORD_POSITIONS)).toEqual(FIELDS.map((_, index) => index));
});
