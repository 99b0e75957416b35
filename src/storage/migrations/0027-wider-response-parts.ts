/**
 * On SQLite, response ids are indexed by 16,384 rows instead of 4,096 (see find-response.ts): a look-up asks a quarter of
 * the parts, each of which costs a page that is in no cache as a rule.
 */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';

export async function widenResponseParts(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  if (dialect !== 'sqlite') return;
  await sql`drop index spend_logs_response_id`.execute(db);
  await sql`create index spend_logs_response_id on spend_logs (seq >> 14, substr(response_id, -10))
    where response_id is not null`.execute(db);
}
