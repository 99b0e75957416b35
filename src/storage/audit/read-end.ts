import type { Kysely } from 'kysely';
import type { AuditEnd } from '../../core/audit-chain.ts';
import type { Database } from '../database.ts';

/** Where the log ends, by its head and by its rows, at one moment. Undefined: it has no head. */
export async function readAuditEnd(db: Kysely<Database>): Promise<AuditEnd | undefined> {
  const row = await db
    .selectFrom('audit_head')
    .select(['seq', 'hash', 'mac'])
    .select((eb) => [
      eb
        .selectFrom('audit_log')
        .select((log) => log.fn.max('audit_log.seq').as('seq'))
        .as('last_seq'),
      eb
        .selectFrom('audit_log')
        .select('audit_log.hash')
        .whereRef('audit_log.seq', '=', 'audit_head.seq')
        .as('row_hash'),
    ])
    .executeTakeFirst();
  return row && { seq: row.seq, hash: row.hash, mac: row.mac, lastSeq: row.last_seq ?? 0, rowHash: row.row_hash };
}
