/**
 * Adds entries to the audit log as the last part of the transaction of the act itself: first the head of the chain is
 * locked, so whoever writes to the log waits here and nowhere else, and holds nothing that another could be waiting for
 * in turn.
 *
 * The end of the log is not taken on trust. Where the head is not the one that this gateway's salt key vouches for, or
 * rows are missing or too many, going on as if nothing had happened would give a forged end a genuine seal. The act still
 * happens, but the log first says what was found, in a row of its own (`resumed`), and verification tells it.
 */
import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import { type AuditEntry, systemActor } from '../../core/audit.ts';
import { type AuditHead, type AuditRow, GENESIS_HASH, hashAuditRow } from '../../core/audit-chain.ts';
import type { AuditSeal } from '../../core/audit-seal.ts';
import type { Database, DialectName } from '../database.ts';
import { toAuditColumns, toAuditText } from './audit-rows.ts';

interface Context {
  trx: Transaction<Database>;
  dialect: DialectName;
  nowMs: number;
}

export interface AuditAppender {
  /** Within the transaction, after everything else. Returns the new head, which counts once committed. */
  append(context: Context, entries: readonly AuditEntry[]): Promise<AuditHead>;
  /** After the commit. */
  confirm(head: AuditHead): void;
}

const BATCH = 200;
const HEAD_NAME = 'head';

export function createAuditAppender(seal: AuditSeal | null, onResume: (finding: string) => void): AuditAppender {
  /** The last row that this process has written: the log never ends before it. */
  let written: AuditHead | null = null;

  return {
    async append(context, entries) {
      const found = await lockHead(context);
      const finding = await examine(context, found, seal, written);
      const last = finding === null ? (found as AuditHead) : await findEnd(context, found);
      if (finding !== null) onResume(finding);
      const all = finding === null ? entries : [describeResumption(context.nowMs, found, finding), ...entries];
      const rows = chainEntries(last, all, seal);
      for (let start = 0; start < rows.length; start += BATCH) {
        const values = rows.slice(start, start + BATCH).map(toAuditColumns);
        await context.trx.insertInto('audit_log').values(values).execute();
      }
      const { seq, hash } = rows.at(-1) ?? last;
      const head: AuditHead = { seq, hash, mac: seal === null ? null : seal.headMac(seq, hash) };
      await writeHead(context, head);
      return head;
    },
    confirm(head) {
      if (written === null || head.seq > written.seq) written = head;
    },
  };
}

/** Rows with their place in the chain, following `last`. */
function chainEntries(
  last: Pick<AuditHead, 'seq' | 'hash'>,
  entries: readonly AuditEntry[],
  seal: AuditSeal | null,
): AuditRow[] {
  let { seq, hash } = last;
  return entries.map((entry) => {
    const text = toAuditText(entry);
    const prevHash = hash;
    seq += 1;
    hash = hashAuditRow(seq, prevHash, text);
    return { ...text, seq, prevHash, hash, mac: seal === null ? null : seal.rowMac(hash) };
  });
}

type FoundHead = (AuditHead & { lastSeq: number }) | undefined;

async function lockHead({ trx, dialect }: Context): Promise<FoundHead> {
  const query = trx
    .selectFrom('audit_head')
    .select(['seq', 'hash', 'mac'])
    .select((eb) =>
      eb
        .selectFrom('audit_log')
        .select((log) => log.fn.max('seq').as('seq'))
        .as('last_seq'),
    )
    .where('name', '=', HEAD_NAME);
  // On SQLite whoever writes is alone.
  const row = await (dialect === 'postgres' ? query.forUpdate('audit_head') : query).executeTakeFirst();
  return row && { seq: row.seq, hash: row.hash, mac: row.mac, lastSeq: row.last_seq ?? 0 };
}

/** What is wrong with the end of the log, in words; null: nothing. */
async function examine(
  context: Context,
  found: FoundHead,
  seal: AuditSeal | null,
  written: AuditHead | null,
): Promise<string | null> {
  if (found === undefined) return 'the head of the log was missing';
  const { seq, hash, mac } = found;
  if (seal?.isForeign(mac)) return 'the head of the log was made under another salt key';
  if (seal !== null && !seal.isHeadMac(mac, seq, hash)) return 'the head of the log was not made by a gateway';
  // Seen before the wait for the lock, so on PostgreSQL others may have added rows since; looks again where it matters.
  const lastSeq = found.lastSeq < seq ? await findLastSeq(context) : found.lastSeq;
  if (lastSeq !== seq) return `the head of the log was row ${seq}, the last row was ${lastSeq}`;
  if (written !== null && (seq < written.seq || (seq === written.seq && hash !== written.hash))) {
    return `the log had been at row ${written.seq} with hash ${written.hash} before`;
  }
  return null;
}

async function findLastSeq({ trx }: Context): Promise<number> {
  const row = await trx
    .selectFrom('audit_log')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .executeTakeFirst();
  return row?.seq ?? 0;
}

/** Where a log that is out of order can be continued without another number twice. */
async function findEnd({ trx }: Context, found: FoundHead): Promise<Pick<AuditHead, 'seq' | 'hash'>> {
  const last = await trx
    .selectFrom('audit_log')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  const head = found ?? { seq: 0, hash: GENESIS_HASH };
  return last !== undefined && last.seq > head.seq ? last : head;
}

async function writeHead({ trx }: Context, head: AuditHead): Promise<void> {
  await trx
    .insertInto('audit_head')
    .values({ name: HEAD_NAME, ...head })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ ...head }))
    .execute();
}

function describeResumption(atMs: number, found: FoundHead, finding: string): AuditEntry {
  return {
    ...systemActor('latchkey', `resumed_${randomUUID()}`),
    id: `audit_${randomUUID()}`,
    atMs,
    action: 'resumed',
    tableName: 'audit_log',
    objectId: HEAD_NAME,
    objectKeyId: null,
    objectName: null,
    before: found === undefined ? null : { seq: found.seq, hash: found.hash, mac: found.mac },
    after: { finding },
  };
}
