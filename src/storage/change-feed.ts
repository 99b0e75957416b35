/**
 * The change feed of one process. Its own changes reach the listeners right after their commit; those of other
 * processes are found by `poll`, by sequence number. On PostgreSQL numbers are given out before commit, so a number can
 * appear after a higher one: a hole is looked at again for a while before it counts as rolled back.
 */
import type { Kysely } from 'kysely';
import type { ChangeEvent } from '../core/change-event.ts';
import type { Database } from './database.ts';
import type { ChangeFeed } from './storage.ts';

/** What a writer says of its own changes, around its commit. */
export interface PublishingFeed extends ChangeFeed {
  /** Notes where the feed stands; earlier changes are of no interest. */
  start(): Promise<void>;
  /** Before commit: these numbers are ours, so `poll` leaves them to `publish`. */
  expect(seqs: readonly number[]): void;
  /** After commit. */
  publish(events: readonly ChangeEvent[]): void;
  /** The commit failed, or its outcome is unknown: if the rows are there after all, `poll` delivers them. */
  forget(seqs: readonly number[]): void;
  /**
   * Every change up to this number that was committed before the last poll ended has been delivered, whatever holes there
   * are: it is what this process may say of itself to others.
   */
  acknowledged(): number;
  /** Says that changes may have been missed. */
  lose(): void;
  /** Called when changes may have been missed: whatever was cached is to be dropped. */
  onLost(listener: () => void): void;
}

export interface ChangeFeedOptions {
  reads: Kysely<Database>;
  nowMs: () => number;
  /** How long a hole in the numbers is watched: longer than any transaction lasts. */
  gapPatienceMs?: number;
}

const GAP_PATIENCE_MS = 10_000;
const BATCH = 500;
const MAX_GAPS = 1_000;
const LOOK_BACK = 256;
const KINDS: ReadonlySet<string> = new Set<ChangeEvent['kind']>([
  'key',
  'balance',
  'setting',
  'roll_call',
  'owner',
  'session',
]);

interface ChangeRow {
  seq: number;
  kind: string;
  body: string;
}

export function createChangeFeed({ reads, nowMs, gapPatienceMs = GAP_PATIENCE_MS }: ChangeFeedOptions): PublishingFeed {
  const listeners = new Set<(event: ChangeEvent) => void>();
  const lostListeners: (() => void)[] = [];
  const own = new Map<number, 'expected' | 'published'>();
  /** Hole → when it was first seen. */
  const gaps = new Map<number, number>();
  /** Every number up to here is delivered, one of ours, or in `gaps`. */
  let position = 0;
  /** Of all numbers up to here those that were committed before the end of the last poll are delivered. */
  let acknowledged = 0;
  let polling: Promise<void> | undefined;

  const deliver = (event: ChangeEvent) => {
    for (const listener of [...listeners]) listener(event);
  };
  const deliverRow = (row: ChangeRow) => {
    if (KINDS.has(row.kind)) deliver(toEvent(row));
  };
  const lose = () => {
    for (const listener of lostListeners) listener();
  };

  function advanceOverPublished(): void {
    while (own.get(position + 1) === 'published') own.delete(++position);
  }

  async function pollGaps(): Promise<void> {
    if (gaps.size === 0) return;
    const watched = [...gaps.keys()];
    const query = reads.selectFrom('changes').select(['seq', 'kind', 'body']).where('seq', 'in', watched);
    for (const row of await query.orderBy('seq').execute()) {
      if (gaps.delete(row.seq)) deliverRow(row);
    }
    const expired = [...gaps].filter(([, sinceMs]) => nowMs() - sinceMs > gapPatienceMs);
    for (const [seq] of expired) gaps.delete(seq);
    if (expired.length > 0) lose();
  }

  async function pollNew(): Promise<void> {
    for (;;) {
      const query = reads.selectFrom('changes').select(['seq', 'kind', 'body']).where('seq', '>', position);
      const rows = await query.orderBy('seq').limit(BATCH).execute();
      for (const row of rows) passOver(row);
      advanceOverPublished();
      if (rows.length < BATCH) return;
    }
  }

  async function poll(): Promise<void> {
    await pollGaps();
    const before = position;
    await pollNew();
    const reached = position;
    // A hole may have been filled before what was found behind it was committed: only a look after that tells.
    if (reached > before) await pollGaps();
    acknowledged = reached;
  }

  function passOver(row: ChangeRow): void {
    // `publish` may have moved on while the rows were on their way.
    if (row.seq <= position) return;
    if (row.seq - position + gaps.size > MAX_GAPS) lose();
    else {
      for (let seq = position + 1; seq < row.seq; seq++) if (!own.has(seq)) gaps.set(seq, nowMs());
    }
    position = row.seq;
    const ours = own.get(row.seq);
    if (ours === undefined) deliverRow(row);
    else if (ours === 'published') own.delete(row.seq);
  }

  return {
    async start() {
      const query = reads.selectFrom('changes').select('seq').orderBy('seq', 'desc').limit(LOOK_BACK);
      const seqs = (await query.execute()).map((row) => row.seq).reverse();
      const known = new Set(seqs);
      position = seqs.at(-1) ?? 0;
      acknowledged = position;
      // Number taken, not yet committed: such a change may still concern what is about to be cached.
      for (let seq = seqs[0] ?? 0; seq < position && gaps.size < MAX_GAPS; seq++) {
        if (!known.has(seq)) gaps.set(seq, nowMs());
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    position: () => position,
    acknowledged: () => acknowledged,
    lose,
    onLost: (listener) => lostListeners.push(listener),
    expect(seqs) {
      for (const seq of seqs) {
        own.set(seq, 'expected');
        // A poll may have passed over the number before we knew that it is ours.
        gaps.delete(seq);
      }
    },
    publish(events) {
      for (const { seq } of events) {
        if (seq <= position) own.delete(seq);
        else own.set(seq, 'published');
      }
      advanceOverPublished();
      for (const event of events) deliver(event);
    },
    forget(seqs) {
      for (const seq of seqs) {
        own.delete(seq);
        if (seq <= position) gaps.set(seq, nowMs());
      }
    },
    poll() {
      polling ??= poll().finally(() => {
        polling = undefined;
      });
      return polling;
    },
  };
}

function toEvent(row: ChangeRow): ChangeEvent {
  return { ...JSON.parse(row.body), kind: row.kind, seq: row.seq };
}
