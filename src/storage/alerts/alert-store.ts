import type { Kysely, Selectable } from 'kysely';
import type { AlertChannel } from '../../core/alert-routing.ts';
import type { AlertsTable, Database } from '../database.ts';
import type { Writer } from '../writer.ts';
import type { AlertStore, ClaimedAlert } from './alert-storage.ts';
import { findExpiringKeys } from './find-expiring-keys.ts';
import { insertAlerts } from './insert-alerts.ts';
import { sumDays } from './sum-days.ts';

/** The channel of alerts that nobody is told of. */
const NOBODY = 'none';

export interface AlertStoreDeps {
  reads: Kysely<Database>;
  writes: Kysely<Database>;
  write: Writer;
  nowMs: () => number;
}

export function createAlertStore({ reads, writes, write, nowMs }: AlertStoreDeps): AlertStore {
  /** The row, as long as this process is the one to send it. */
  const claimed = ({ id, channel, recipient, claimedUntilMs }: ClaimedAlert) =>
    writes
      .updateTable('alerts')
      .where('id', '=', id)
      .where('channel', '=', channel)
      .where('recipient', '=', recipient)
      .where('state', '=', 'pending')
      .where('next_at_ms', '=', claimedUntilMs);

  return {
    add: (alerts) => (alerts.length === 0 ? Promise.resolve(0) : write((context) => insertAlerts(context, alerts))),
    async claim(channels, untilMs, limit) {
      if (channels.length === 0) return [];
      const due = await reads
        .selectFrom('alerts')
        .selectAll()
        .where('state', '=', 'pending')
        .where('next_at_ms', '<=', nowMs())
        .where('channel', 'in', channels)
        .orderBy('next_at_ms')
        .orderBy('id')
        .limit(limit)
        .execute();
      const ours: ClaimedAlert[] = [];
      for (const row of due) if (await claimRow(writes, row, untilMs)) ours.push(toClaimed(row, untilMs));
      return ours;
    },
    async finish(alert, state) {
      await claimed(alert).set({ state, event: null, sealed_secret: null, done_at_ms: nowMs() }).execute();
    },
    async postpone(alert, nextAtMs) {
      await claimed(alert).set({ next_at_ms: nextAtMs }).execute();
    },
    async remember(id, keepUntilMs) {
      const values = { id, channel: NOBODY, recipient: '', state: 'delivered' as const, attempts: 0 };
      const times = { next_at_ms: nowMs(), created_at_ms: nowMs(), done_at_ms: nowMs(), keep_until_ms: keepUntilMs };
      await writes
        .insertInto('alerts')
        .values({ ...values, ...times, event: null, sealed_secret: null })
        .onConflict((conflict) => conflict.columns(['id', 'channel', 'recipient']).doNothing())
        .execute();
    },
    async isKnown(id) {
      const row = await reads.selectFrom('alerts').select('id').where('id', '=', id).limit(1).executeTakeFirst();
      return row !== undefined;
    },
    findExpiringKeys: (untilMs, limit) => findExpiringKeys(reads, { nowMs: nowMs(), untilMs, limit }),
    async listCounters(after, limit) {
      const page = reads.selectFrom('balances').select('counter').where('counter', '>', after);
      return (await page.orderBy('counter').limit(limit).execute()).map(({ counter }) => counter);
    },
    sumDays: (firstDay, lastDay, limit) => sumDays(reads, { firstDay, lastDay, limit }),
  };
}

/** Two who saw the same row wait for each other here, and the second one finds it changed. */
async function claimRow(writes: Kysely<Database>, row: Selectable<AlertsTable>, untilMs: number): Promise<boolean> {
  const taken = await writes
    .updateTable('alerts')
    .set({ next_at_ms: untilMs, attempts: row.attempts + 1 })
    .where('id', '=', row.id)
    .where('channel', '=', row.channel)
    .where('recipient', '=', row.recipient)
    .where('state', '=', 'pending')
    .where('next_at_ms', '=', row.next_at_ms)
    .returning('id')
    .executeTakeFirst();
  return taken !== undefined;
}

function toClaimed(row: Selectable<AlertsTable>, untilMs: number): ClaimedAlert {
  return {
    id: row.id,
    channel: row.channel as AlertChannel,
    recipient: row.recipient,
    event: JSON.parse(row.event ?? 'null'),
    sealedSecret: row.sealed_secret,
    keepUntilMs: row.keep_until_ms,
    attempts: row.attempts + 1,
    createdAtMs: row.created_at_ms,
    claimedUntilMs: untilMs,
  };
}
