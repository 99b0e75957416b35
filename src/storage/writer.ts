import { type Kysely, sql, type Transaction } from 'kysely';
import type { AuditEntry } from '../core/audit.ts';
import type { AuditHead } from '../core/audit-chain.ts';
import type { ChangeEvent } from '../core/change-event.ts';
import type { AuditAppender } from './audit/append-audit.ts';
import type { PublishingFeed } from './change-feed.ts';
import { CHANGES_CHANNEL } from './changes-channel.ts';
import type { Database, DialectName } from './database.ts';
import { TransactionConflict } from './database-unavailable.ts';
import { isOfCutConnection } from './postgres-failure.ts';

type WithoutSeq<T> = T extends unknown ? Omit<T, 'seq'> : never;
export type UnnumberedEvent = WithoutSeq<ChangeEvent>;

export interface WriteContext {
  trx: Transaction<Database>;
  dialect: DialectName;
  nowMs: number;
  /** Puts an event in the change feed; it is delivered once the transaction is committed. */
  announce(event: UnnumberedEvent): void;
  /** Puts entries in the audit log; they are written as the last part of the transaction. */
  audit(entries: readonly AuditEntry[]): void;
}

/**
 * Runs `work` in one transaction, together with the rows of the change feed and the audit log; listeners hear of the
 * changes before the promise resolves. A transaction that the database ended because of another one is run again, and so
 * is one whose connection was cut before it was to be committed; `work` may be called twice.
 */
export type Writer = <T>(work: (context: WriteContext) => Promise<T>) => Promise<T>;

const MAX_ATTEMPTS = 4;

export function createWriter(deps: {
  writes: Kysely<Database>;
  dialect: DialectName;
  feed: PublishingFeed;
  log: AuditAppender;
  nowMs: () => number;
  /** What it rejects with, whoever wants to change something is told. */
  beforeWriting?: () => Promise<void> | undefined;
}): Writer {
  return async (work) => {
    await deps.beforeWriting?.();
    for (let attempt = 1; ; attempt++) {
      try {
        return await writeOnce(deps, work);
      } catch (error) {
        if (!(error instanceof TransactionConflict) || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  };
}

async function writeOnce<T>(
  { writes, dialect, feed, log, nowMs }: Parameters<typeof createWriter>[0],
  work: (context: WriteContext) => Promise<T>,
): Promise<T> {
  let events: ChangeEvent[] = [];
  let head: AuditHead | null = null;
  let committing = false;
  try {
    const result = await writes.transaction().execute(async (trx) => {
      const announced: UnnumberedEvent[] = [];
      const audited: AuditEntry[] = [];
      const context: WriteContext = {
        trx,
        dialect,
        nowMs: nowMs(),
        announce: (event) => announced.push(event),
        audit: (entries) => audited.push(...entries),
      };
      const done = await work(context);
      events = await insertChanges(trx, announced, nowMs());
      // Part of the transaction: told at its commit, and not at all without one.
      if (dialect === 'postgres' && events.length > 0) await sql`select pg_notify(${CHANGES_CHANNEL}, '')`.execute(trx);
      // Last, because everybody who changes anything waits for the same lock from here on.
      if (audited.length > 0) head = await log.append(context, audited);
      feed.expect(events.map((event) => event.seq));
      committing = true;
      return done;
    });
    if (head !== null) log.confirm(head);
    feed.publish(events);
    return result;
  } catch (error) {
    feed.forget(events.map((event) => event.seq));
    // Nothing of it can have happened, and another connection will do.
    if (!committing && isOfCutConnection(error)) throw new TransactionConflict(error);
    throw error;
  }
}

const BATCH = 500;

async function insertChanges(
  trx: Transaction<Database>,
  events: readonly UnnumberedEvent[],
  atMs: number,
): Promise<ChangeEvent[]> {
  const numbered: ChangeEvent[] = [];
  for (let start = 0; start < events.length; start += BATCH) {
    const values = events.slice(start, start + BATCH).map(({ kind, ...body }) => {
      return { kind, body: JSON.stringify(body), at_ms: atMs };
    });
    // The order of returned rows is not promised, so each says for itself which event it is.
    const rows = await trx.insertInto('changes').values(values).returning(['seq', 'kind', 'body']).execute();
    numbered.push(...rows.map((row) => ({ ...JSON.parse(row.body), kind: row.kind, seq: row.seq })));
  }
  return numbered.sort((a, b) => a.seq - b.seq);
}
