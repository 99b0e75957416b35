import { sql, type Transaction } from 'kysely';
import type { AuditEnd, AuditHead, AuditRow } from '../../core/audit-chain.ts';
import { type CheckedPoint, createAuditCheck } from '../../core/audit-check.ts';
import type { AuditFault } from '../../core/audit-fault.ts';
import type { AuditSeal } from '../../core/audit-seal.ts';
import type { Database, DialectName } from '../database.ts';
import { listTables } from '../list-tables.ts';
import type { PasswordSource } from '../password-command.ts';
import { readSnapshot } from '../read-snapshot.ts';
import { fromAuditColumns } from './audit-rows.ts';
import { readAuditEnd } from './read-end.ts';

export interface AuditReport {
  /** Where the log ends by its head; null: there is no head. */
  head: Pick<AuditHead, 'seq' | 'hash'> | null;
  rows: number;
  faults: AuditFault[];
  faultCount: number;
}

const PAGE = 500;

/**
 * Reads the whole audit log as it is at one moment and tells what is not as it was written. Null: the database has no
 * chained log, since no gateway of this version has used it yet.
 */
export async function verifyAudit(
  url: string,
  input: { seals: readonly AuditSeal[]; checkpoints: readonly CheckedPoint[]; password?: PasswordSource | undefined },
): Promise<AuditReport | null> {
  return readSnapshot(
    url,
    async (trx, dialect) => {
      if (!(await hasChain(trx, dialect))) return null;
      const head = await trx.selectFrom('audit_head').select(['seq', 'hash', 'mac']).executeTakeFirst();
      const check = createAuditCheck({ ...input, head });
      const damage: AuditFault[] = [];
      try {
        for await (const row of readRows(trx)) check.add(row);
        damage.push(...(await checkStorage(trx, dialect)));
      } catch (error) {
        damage.push(describeDamage(error));
      }
      const { rows, faults, faultCount } = check.finish();
      return {
        head: head === undefined ? null : { seq: head.seq, hash: head.hash },
        rows,
        faults: [...damage, ...faults],
        faultCount: faultCount + damage.length,
      };
    },
    input.password,
  );
}

/** Undefined: there is no head. Null as above. */
export async function readAuditEndAside(url: string, password?: PasswordSource): Promise<AuditEnd | undefined | null> {
  return readSnapshot(
    url,
    async (trx, dialect) => ((await hasChain(trx, dialect)) ? readAuditEnd(trx) : null),
    password,
  );
}

async function hasChain(trx: Transaction<Database>, dialect: DialectName): Promise<boolean> {
  return (await listTables(trx, dialect)).has('audit_head');
}

async function* readRows(trx: Transaction<Database>): AsyncGenerator<AuditRow> {
  let after: number | null = null;
  for (;;) {
    let query = trx.selectFrom('audit_log').selectAll();
    if (after !== null) query = query.where('seq', '>', after);
    const page = await query.orderBy('seq').limit(PAGE).execute();
    for (const row of page) yield fromAuditColumns(row);
    after = page.at(-1)?.seq ?? null;
    if (page.length < PAGE) return;
  }
}

/**
 * SQLite keeps rows and indexes apart: an index that has lost an entry hides a row from whoever searches for it, though
 * the row is there.
 */
async function checkStorage(trx: Transaction<Database>, dialect: DialectName): Promise<AuditFault[]> {
  if (dialect !== 'sqlite') return [];
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check('audit_log')`.execute(trx);
  return rows
    .map(({ integrity_check: finding }) => finding)
    .filter((finding) => finding !== 'ok')
    .map((finding) => describe(finding));
}

/** What the database cannot read is a finding, and not a reason to say nothing. Anything else is thrown again. */
function describeDamage(error: unknown): AuditFault {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  if (!/malformed|corrupt|not a database|invalid page|checksum/i.test(text)) throw error;
  return describe(`the database cannot read its own file: ${text}`);
}

function describe(detail: string): AuditFault {
  return { kind: 'damaged_storage', seq: 0, lastSeq: 0, id: null, detail };
}
