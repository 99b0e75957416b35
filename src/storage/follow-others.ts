/**
 * What a process that serves beside others needs to know of them: their changes, and which of them live. It has a
 * connection of its own for that, so that it neither waits for the pool's other users nor takes anything from them.
 */
import { Kysely } from 'kysely';
import type { ChangeEvent, RollCall } from '../core/change-event.ts';
import type { PublishingFeed } from './change-feed.ts';
import { CHANGES_CHANNEL } from './changes-channel.ts';
import type { Database } from './database.ts';
import { createFreshness, createLoneFreshness, type Freshness, type FreshnessOptions } from './freshness.ts';
import type { PasswordSource } from './password-command.ts';
import { createPostgresDialect } from './postgres-dialect.ts';
import { createPostgresPool } from './postgres-pool.ts';
import { createLoneProcess, createProcessRegistry, type Processes } from './process-registry.ts';
import { createProcessTable, type ProcessName } from './process-table.ts';
import type { Writer } from './writer.ts';

export interface ServingOptions {
  own: ProcessName;
  /** Of another process's identity: it lived on this host and has ended. */
  isGone(identity: string): boolean;
  /** See Freshness. */
  maxStalenessMs: number;
  outageGraceMs: number;
  /** A second way to say that something has been added to the change feed, beside the database's own. */
  bell?: ChangeBell | undefined;
}

/** Not to be relied upon: what it says may come late, or never, or for nothing. */
export interface ChangeBell {
  ring(): void;
  onRing(listener: () => void): void;
}

/** One connection to PostgreSQL that hears of every change, and is made anew by the next statement when it breaks. */
export interface SideConnection {
  db: Kysely<Database>;
  onChanges(listener: () => void): void;
  close(): Promise<void>;
}

/** `queryTimeoutMs`: an answer that takes longer is as good as none. */
export function openSideConnection(
  url: string,
  {
    password,
    queryTimeoutMs,
    onConnectionError,
  }: { password?: PasswordSource | undefined; queryTimeoutMs: number; onConnectionError: (error: Error) => void },
): SideConnection {
  let heard = (): void => {};
  const pool = createPostgresPool({
    url,
    password,
    poolSize: 1,
    queryTimeoutMs,
    onConnectionError,
    listen: { channel: CHANGES_CHANNEL, onNotification: () => heard() },
  });
  const db = new Kysely<Database>({ dialect: createPostgresDialect(pool) });
  return {
    db,
    onChanges(listener) {
      heard = listener;
    },
    close: () => db.destroy(),
  };
}

export interface Others {
  freshness: Freshness;
  processes: Processes;
}

/** On PostgreSQL, where other processes may be. */
export function followOthers(
  { own, isGone, maxStalenessMs, outageGraceMs, bell }: ServingOptions,
  parts: { side: SideConnection; feed: PublishingFeed; write: Writer; onCutOff: FreshnessOptions['onCutOff'] },
): Others {
  const { side, feed, write, onCutOff } = parts;
  const processes = createProcessRegistry({
    own,
    table: createProcessTable(side.db),
    feedPosition: feed.acknowledged,
    announce: (call) => announceRollCall(write, feed, call),
    isGone,
    outageGraceMs,
  });
  let asked = false;
  feed.subscribe((event) => {
    asked ||= event.kind === 'roll_call' && event.processId !== own.id;
  });
  const freshness = createFreshness({
    async poll() {
      await feed.poll();
      if (!asked) return;
      asked = false;
      // Should it fail, the next heartbeat says the same.
      processes.beat().catch(() => {});
    },
    maxStalenessMs,
    outageGraceMs,
    forget: feed.lose,
    onCutOff,
  });
  side.onChanges(freshness.nudge);
  bell?.onRing(freshness.nudge);
  return { freshness, processes };
}

/** Where a process is alone with its database, or only works on it. */
export function followNobody(feed: PublishingFeed, own: ProcessName): Others {
  return { freshness: createLoneFreshness(feed.poll), processes: createLoneProcess(own) };
}

/** Own changes are delivered with their numbers before the promise of their writer resolves. */
async function announceRollCall(write: Writer, feed: PublishingFeed, call: Omit<RollCall, 'seq'>): Promise<number> {
  let seq = 0;
  const unsubscribe = feed.subscribe((event: ChangeEvent) => {
    if (event.kind === 'roll_call' && event.id === call.id) seq = event.seq;
  });
  try {
    await write(async ({ announce }) => announce(call));
    return seq;
  } finally {
    unsubscribe();
  }
}
