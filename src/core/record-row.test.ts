import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonBytes } from './json-bytes.ts';
import { fromRecordRow, RECORD_POSITIONS, writeRecordRow } from './record-row.ts';
import type { SpendRecord } from './spend-record.ts';

const FIELDS = Object.keys(RECORD_POSITIONS) as (keyof SpendRecord)[];

const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\u0000', '\ud83c', 'é', '🎉', ' ') });
const textOrNull = fc.option(text);
const count = fc.oneof(fc.nat(), fc.constantFrom(0, 1_764_316_800_123, Number.NaN, 1e21));
const records: fc.Arbitrary<SpendRecord> = fc.record({
  requestId: text,
  responseId: textOrNull,
  callType: text,
  status: fc.constantFrom('success' as const, 'aborted' as const),
  startedAtMs: count,
  endedAtMs: count,
  firstTokenAtMs: fc.option(count),
  keyId: textOrNull,
  keyHash: text,
  keyAlias: textOrNull,
  userId: textOrNull,
  teamId: textOrNull,
  organizationId: textOrNull,
  endUser: textOrNull,
  tags: fc.array(text),
  model: text,
  modelGroup: textOrNull,
  deploymentId: textOrNull,
  provider: textOrNull,
  apiBase: textOrNull,
  promptTokens: count,
  completionTokens: count,
  totalTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  reasoningTokens: count,
  usageEstimated: fc.boolean(),
  spendNanoUsd: count,
  stream: fc.boolean(),
  sourceIp: textOrNull,
  sessionId: textOrNull,
  httpStatus: count,
  errorType: textOrNull,
  metadata: fc.constantFrom({}, { spend_logs_metadata: { a: [1, '\u0000', null] } }),
  messages: textOrNull,
  response: textOrNull,
  balances: fc.array(fc.record({ counter: text, nanoUsd: count })),
});

test('the text is what a general serialiser makes of the values at their positions, and comes back as the record', () => {
  fc.assert(
    fc.property(records, (record) => {
      const values: unknown[] = [];
      for (const field of FIELDS) values[RECORD_POSITIONS[field]] = record[field];
      const out = new JsonBytes(16);
      writeRecordRow(out, record);
      const written = out.toString();
      expect(written).toBe(JSON.stringify(values));
      expect(fromRecordRow(JSON.parse(written))).toEqual(JSON.parse(JSON.stringify(record)));
    }),
  );
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
