/**
 * Tells that something the gateway needs does not answer, and that it does again: once for each change. The database may be
 * the very thing that is away, so such an alert goes straight to its receivers, and is tried again from memory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildAlertEvent } from '../core/alert-event.ts';
import { type AlertChannel, type AlertRouting, type QueuedAlert, routeAlert } from '../core/alert-routing.ts';
import type { AlertSender } from './alert-sender.ts';

export interface TroubleReport {
  /** `what`: as people call it, `Database` or `Sink gcs_bucket`. Told only when it is another state than before. */
  report(what: string, isAway: boolean, reason?: string): void;
  /** Tries no more. */
  stop(): Promise<void>;
}

const PAUSES_MS = [0, 2_000, 10_000, 30_000, 60_000, 120_000];

export function createTroubleReport(deps: {
  senders: ReadonlyMap<AlertChannel, AlertSender>;
  routing: AlertRouting;
  /** Which process tells it: each sees for itself. */
  processName: string;
  nowMs(): number;
  logger: { error(details: object, message: string): void };
  pausesMs?: readonly number[];
}): TroubleReport {
  const { senders, routing, processName, nowMs, logger, pausesMs = PAUSES_MS } = deps;
  const away = new Set<string>();
  const stopping = new AbortController();
  /** One after the other, so that "again" never comes before "away". */
  const last = new Map<AlertChannel, Promise<void>>();

  async function send({ id, channel, recipient, event }: QueuedAlert): Promise<void> {
    for (const [index, pauseMs] of pausesMs.entries()) {
      try {
        if (pauseMs > 0) await sleep(pauseMs, undefined, { signal: stopping.signal, ref: false });
        return await senders.get(channel)?.send({ id, event, recipient, secret: null });
      } catch (error) {
        if (stopping.signal.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        if (index === pausesMs.length - 1) logger.error({ channel, event: event.event, reason }, GIVEN_UP);
      }
    }
  }

  return {
    report(what, isAway, reason) {
      if (isAway === away.has(what) || stopping.signal.aborted) return;
      if (isAway) away.add(what);
      else away.delete(what);
      const atMs = nowMs();
      const title = isAway ? `${what} Does Not Answer` : `${what} Answers Again`;
      const lines = [title, `Process: ${processName}`, `At: ${new Date(atMs).toISOString()}`];
      const event = buildAlertEvent({
        event: isAway ? 'trouble_begun' : 'trouble_ended',
        group: 'proxy',
        message: [...lines, ...(reason === undefined ? [] : [reason])].join('\n'),
      });
      const id = `${event.event}/${what}/${processName}/${atMs}`;
      for (const message of routeAlert(routing, { id, event, people: [], keepUntilMs: null })) {
        const before = last.get(message.channel) ?? Promise.resolve();
        last.set(
          message.channel,
          before.then(() => send(message)),
        );
      }
    },
    async stop() {
      stopping.abort();
      await Promise.all(last.values());
    },
  };
}

const GIVEN_UP = 'An alert of trouble could not be delivered and is given up';
