// A ledger of a version that had a column for every field keeps all of them.

import { type Kysely, sql } from 'kysely';
import { expect, test } from 'vitest';
import { openConnection } from '../../src/storage/connection.ts';
import { createSpend } from '../../src/storage/migrations/0003-spend.ts';
import { createSpendRecords } from '../../src/storage/migrations/0010-spend-records.ts';
import { createSpendReader } from '../../src/storage/spend-reader.ts';
import { recordText } from '../../src/storage/spend-rows.ts';
import { createTestDatabase } from '../support/postgres.ts';

test.each(['sqlite', 'postgres'] as const)(
  'rows of an older database are kept with every field, on %s',
  async (dialect) => {
    const database = dialect === 'postgres' ? await createTestDatabase() : { url: ':memory:', drop: async () => {} };
    const connection = openConnection({ url: database.url, poolSize: 1, queryTimeoutMs: 0 });
    const db = connection.writes;
    await createSpend(db as unknown as Kysely<unknown>, dialect);
    await sql`insert into spend_logs (request_id, response_id, call_type, status, started_at_ms, ended_at_ms, key_hash, tags,
      model, prompt_tokens, completion_tokens, total_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
      usage_estimated, spend_nano_usd, stream, http_status, metadata, messages, balances)
    values ('r1', 'chatcmpl-1', 'acompletion', 'success', 1, 2, 'h', '["a","b\\"c"]', 'm', 1, 2, 3, 4, 5, 6, 1,
      9007199254740991, 0, 200, '{"a":[1]}', '[{"role":"user"}]', '[{"counter":"c","nanoUsd":7}]')`.execute(db);
    await createSpendRecords(db as unknown as Kysely<unknown>, dialect);

    const reader = createSpendReader(db, dialect);
    const [row] = await reader.rows({ requestId: 'chatcmpl-1' }, { limit: 1, offset: 0, order: 'asc' });
    expect(row).toMatchObject({ requestId: 'r1', firstTokenAtMs: null, tags: ['a', 'b"c'], httpStatus: 200 });
    expect(row).toMatchObject({ totalTokens: 3, reasoningTokens: 6, usageEstimated: true, stream: false });
    expect(row).toMatchObject({
      spendNanoUsd: 9_007_199_254_740_991,
      metadata: { a: [1] },
      messages: '[{"role":"user"}]',
    });
    const { text } = await db.selectFrom('spend_logs').select(recordText(dialect).as('text')).executeTakeFirstOrThrow();
    expect(JSON.parse(text).at(-1)).toEqual([{ counter: 'c', nanoUsd: 7 }]);
    await connection.close();
    await database.drop();
  },
);
