import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openStorage } from './open-storage.ts';
import { buildSpendFilters } from './spend-rows.ts';
import type { SpendQuery } from './storage.ts';

const queries: [SpendQuery, string][] = [
  [{}, 'spend_logs_at'],
  [{ keyId: 'k' }, 'spend_logs_key_id'],
  [{ keyId: null, keyHash: 'h' }, 'spend_logs_key_hash'],
  [{ userId: 'u', fromMs: 1 }, 'spend_logs_user_id'],
  [{ teamId: 't' }, 'spend_logs_team_id'],
  [{ endUser: 'e' }, 'spend_logs_end_user'],
  [{ model: 'm', fromMs: 1 }, 'spend_logs_model'],
  [{ requestId: 'r' }, 'spend_logs_response_id'],
];

test.each(queries)('%j is answered from an index', async (query, index) => {
  const { reads, close } = await openStorage({ url: ':memory:', nowMs: () => 0, poolSize: 1 });
  const plan = await reads
    .selectFrom('spend_logs')
    .selectAll()
    .where((eb) => eb.and(buildSpendFilters(eb, 'sqlite', query)))
    .orderBy('started_at_ms', 'desc')
    .orderBy('request_id', 'desc')
    .explain<{ detail: string }>(undefined, sql`query plan`);
  const details = plan.map(({ detail }) => detail).join('\n');
  expect(details).toContain(index);
  expect(details).not.toMatch(/SCAN spend_logs($| USING COVERING)/m);
  await close();
});
