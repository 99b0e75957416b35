import { expect, test } from 'vitest';
import { buildRecord } from './__fixtures__/calls.ts';
import { fromRecordRow, SPEND_COLUMNS, toRecordRow } from './record-row.ts';

test('every value stands where its column is, and comes back as the field that it was', () => {
  const record = buildRecord('r1');
  const marked = Object.fromEntries(Object.keys(record).map((field) => [field, `value of ${field}`]));
  const row = toRecordRow(marked as never);
  expect(fromRecordRow(row)).toEqual(marked);
  expect(row).toEqual(
    SPEND_COLUMNS.map(({ column }) => `value of ${column.replace(/_[a-z]/g, (part) => part.slice(1).toUpperCase())}`),
  );
});

test('the order is that of journals written earlier', () => {
  expect(SPEND_COLUMNS.map(({ column }) => column).join(' ')).toBe(
    'request_id response_id call_type status started_at_ms ended_at_ms first_token_at_ms key_id key_hash key_alias ' +
      'user_id team_id organization_id end_user tags model model_group deployment_id provider api_base prompt_tokens ' +
      'completion_tokens total_tokens cache_read_tokens cache_write_tokens reasoning_tokens usage_estimated ' +
      'spend_nano_usd stream source_ip session_id http_status error_type metadata messages response balances',
  );
});
