import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { waitAtMost } from '../append-log/wait-at-most.ts';
import { type LogDestination, wantsOutcome } from '../core/log-destination.ts';
import { type LogRedaction, redactCallLog } from '../core/redact-call-log.ts';
import type { EgressRules } from './egress-guard.ts';
import { createRecordGatherer } from './gather-records.ts';
import { describeMissingKind, flushRuleOf, openSink, type SinkMaker } from './open-sink.ts';
import { probeDestination } from './probe-destination.ts';
import { createDeadLetters } from './queue/dead-letters.ts';
import { createOutbox, type Outbox, type SinkLogger } from './queue/outbox.ts';
import { openSpoolRoot, type SpoolLabel, type SpoolOrigin, type SpoolRoot } from './queue/spool-root.ts';
import { createHttpOutlet } from './send-http.ts';
import type { Sink } from './sink.ts';
import type { OpenSecret } from './sink-vars.ts';
import type { Sinks } from './sinks.ts';

export interface SinksOptions {
  dataDir: string;
  /** What `os.environ/NAME` stands for at present, and where customary variables are found. */
  environment: () => Readonly<Record<string, string>>;
  /** What sealed credentials of destinations say. */
  openSecret: OpenSecret;
  /** Where destinations may be whose address is not the operator's. */
  egress: EgressRules;
  /** The destinations that this owner has now, read anew. Rejects where that cannot be told at present. */
  destinationsOf: (origin: SpoolOrigin) => Promise<readonly LogDestination[]>;
  /** What no destination is told, at present. */
  redaction: () => LogRedaction;
  /** What may wait on disk in all, beyond which the oldest is given up. */
  maxSpoolBytes: number;
  /** Wait for the disk before a record counts as safe. */
  fsync: boolean;
  /** Called before records are written: bills come first. A record whose bill is missing tells of a call that nobody had. */
  beforeWrite?: () => void;
  nowMs: () => number;
  random: () => number;
  logger: SinkLogger;
}

const LARGEST_SEGMENT_BYTES = 16 * 1024 * 1024;
/** An outbox that nobody has used for so long gives its files back. */
const IDLE_MS = 60_000;

/** Opens the spools of this process. What others have left is taken over by `tend`. */
export async function createSinks(options: SinksOptions): Promise<Sinks> {
  const { dataDir, environment, openSecret, egress, destinationsOf, maxSpoolBytes, fsync, nowMs, random, logger } =
    options;
  const outlet = createHttpOutlet(egress);
  const deps = { send: outlet.send, sendGuarded: outlet.sendGuarded, nowMs };
  const maker = (): SinkMaker => ({ environment: environment(), openSecret, deps });
  const deadLetters = createDeadLetters(join(dataDir, 'dead-letters'), maxSpoolBytes);
  const segmentBytes = Math.min(LARGEST_SEGMENT_BYTES, Math.ceil(maxSpoolBytes / 8));
  const outboxes = new Map<string, Outbox>();
  /** By the destination that they were made for. */
  const sinks = new Map<string, Promise<Sink>>();
  /** As they were when a record was first offered for them. */
  const destinations = new Map<string, LogDestination>();
  const said = new Set<string>();
  const gatherer = createRecordGatherer({
    beforeWrite: options.beforeWrite,
    put: (lines, owners) => outboxFor(owners[0] as LogDestination).put(lines, owners),
    onLost({ facts: { requestId } }, destination, err) {
      outboxFor(destination).countLost();
      logger.error(
        { type: destination.type, requestId, err },
        'No line can be made of the record of a call, which is lost',
      );
    },
  });
  let closed = false;

  const openRoot = (): Promise<SpoolRoot> =>
    openSpoolRoot(join(dataDir, 'spools'), {
      nowMs,
      onLost: () => {
        logger.error({}, 'Another process has taken over what waits for log destinations');
        void startAnew();
      },
    });
  let root = await openRoot();

  /** This process had stood still for so long that its spools are another's. What comes now goes to new ones. */
  async function startAnew(): Promise<void> {
    gatherer.writeOut();
    const lost = [...outboxes.values()];
    outboxes.clear();
    root = await openRoot();
    await Promise.all(lost.map((outbox) => outbox.close().catch(() => {})));
  }

  function outboxOf({ destinationId, type, origins }: SpoolLabel, rule: () => ReturnType<typeof flushRuleOf>): Outbox {
    const known = outboxes.get(destinationId);
    if (known !== undefined) return known;
    const outbox = createOutbox({
      label: { destinationId, type, origins },
      rule: rule(),
      root,
      spool: { segmentBytes, fsync, nowMs },
      deadLetters,
      findSink,
      random,
      logger,
    });
    outboxes.set(destinationId, outbox);
    return outbox;
  }

  /** Of the very destination, or of the one that has taken its place: its owner may have mended a credential. */
  async function findSink(label: SpoolLabel, anew: boolean): Promise<Sink | null> {
    const known = sinks.get(label.destinationId);
    if (known !== undefined && !anew) return known;
    const given = destinations.get(label.destinationId) ?? null;
    // Who offered a record said where it goes; what its owner has said since holds for later ones.
    const destination = given !== null && !anew ? given : ((await findDestination(label)) ?? given);
    if (destination === null) return known ?? null;
    const made = sinks.get(destination.id) ?? Promise.resolve().then(() => openSink(destination, maker()));
    // A failure is not kept: what a sink is made of may change.
    made.catch(() => sinks.delete(destination.id));
    sinks.set(destination.id, made);
    if (destination.id !== label.destinationId) sinks.set(label.destinationId, made);
    return made;
  }

  async function findDestination({ destinationId, type, origins }: SpoolLabel): Promise<LogDestination | null> {
    let successor: LogDestination | null = null;
    for (const origin of origins) {
      const present = (await destinationsOf(origin)).filter((one) => one.type === type);
      const same = present.find((one) => one.id === destinationId);
      if (same !== undefined) return same;
      // Of several the one in its place: whoever changes a credential leaves the others where they are.
      successor ??= (present.length === 1 ? present[0] : present.find(({ place }) => place === origin.place)) ?? null;
    }
    return successor;
  }

  function isPossible(destination: LogDestination): boolean {
    const missing = describeMissingKind(destination);
    if (missing === undefined) return true;
    if (!said.has(missing) && said.size < 1_000)
      logger.warn({ scope: destination.scope }, `Calls are not logged: ${missing}`);
    said.add(missing);
    return false;
  }

  function outboxFor(destination: LogDestination): Outbox {
    const known = outboxes.get(destination.id);
    if (known !== undefined) return known;
    const { id: destinationId, type, scope, ownerId, place } = destination;
    destinations.set(destinationId, destination);
    const label = { destinationId, type, origins: [{ scope, ownerId, place }] };
    return outboxOf(label, () => flushRuleOf(destination, environment()));
  }

  async function takeOver(): Promise<void> {
    for (const { directory, label } of await root.takeOver()) {
      const [origin] = label.origins;
      const described = { type: label.type, scope: origin?.scope ?? 'global', vars: {} } as const;
      if (describeMissingKind(described) !== undefined) {
        logger.error({ directory }, `Records stay on disk: ${describeMissingKind(described)}`);
        continue;
      }
      await outboxOf(label, () => flushRuleOf(described, environment())).adopt(directory);
      logger.info(
        { directory, queued: outboxes.get(label.destinationId)?.stats().queued },
        'Took over records of calls',
      );
    }
  }

  function keepWithinLimit(): void {
    const largestFirst = [...outboxes.values()].sort((a, b) => b.bytes() - a.bytes());
    let total = largestFirst.reduce((sum, outbox) => sum + outbox.bytes(), 0);
    for (const outbox of largestFirst) {
      while (total > maxSpoolBytes) {
        const before = outbox.bytes();
        if (!outbox.dropOldest()) break;
        total -= before - outbox.bytes();
      }
    }
  }

  async function closeIdle(): Promise<void> {
    gatherer.writeOut();
    const idle = [...outboxes.values()].filter((one) => one.isIdle(IDLE_MS));
    const made = idle.map(({ destinationId }) => sinks.get(destinationId));
    // All at once: a record that comes meanwhile goes to an outbox of its own.
    for (const { destinationId } of idle) {
      outboxes.delete(destinationId);
      sinks.delete(destinationId);
      destinations.delete(destinationId);
    }
    await Promise.all(idle.map((outbox) => outbox.close()));
    const unused = new Set(made.filter((sink) => sink !== undefined && ![...sinks.values()].includes(sink)));
    for (const sink of unused) await sink?.then((one) => one.close()).catch(() => {});
  }

  return {
    offer(given, wanted) {
      const log = redactCallLog(given, options.redaction());
      let safe: Promise<unknown> | null = null;
      for (const destination of wanted) {
        if (!wantsOutcome(destination, log.facts.status) || !isPossible(destination)) continue;
        // The same for all: those of a turn are written together.
        safe = gatherer.add(log, destination);
      }
      return safe;
    },
    probe: (destination) => probeDestination(destination, maker(), `probe-${randomBytes(6).toString('hex')}`),
    stats: () => [...outboxes.values()].map((outbox) => outbox.stats()),
    async tend() {
      if (closed) return;
      await takeOver();
      keepWithinLimit();
      await closeIdle();
    },
    async flush() {
      gatherer.writeOut();
      await Promise.allSettled([...outboxes.values()].map((outbox) => outbox.flush()));
    },
    async close(drainMs) {
      closed = true;
      gatherer.writeOut();
      const all = [...outboxes.values()];
      await waitAtMost(drainMs, Promise.allSettled(all.map((outbox) => outbox.flush())));
      // Ends what is under way, so that closing does not wait for it.
      await outlet.close();
      await Promise.all(all.map((outbox) => outbox.close()));
      const left = all.reduce((sum, outbox) => sum + outbox.stats().queued, 0);
      if (left > 0) logger.warn({ left }, 'Records of calls wait on disk for the next start');
      await Promise.allSettled([...new Set(sinks.values())].map(async (sink) => (await sink).close()));
      root.release();
    },
  };
}
