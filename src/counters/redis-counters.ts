import type { Charge, Consumption, CounterState, Hold } from '../core/charge.ts';
import { Roster } from '../core/roster.ts';
import { consumed } from './consumed.ts';
import type { Counters, LoadBalances } from './counters.ts';
import { createOpeningBalances, type OpeningBalance } from './opening-balances.ts';
import type { RedisAddress } from './redis-client.ts';
import { CountersClosed, createRedisEpoch } from './redis-epoch.ts';
import { buildHold, buildReservation, type RedisHold, type RedisReservation, toResetAtMs } from './redis-hold.ts';
import { createRedisLink, RedisAway, type RedisLink, type RedisReply } from './redis-link.ts';
import { createRedisOutbox } from './redis-outbox.ts';
import { createStandIn, type FailMode, type StandIn } from './stand-in.ts';

export interface RedisCounterOptions {
  /** Holds the password. */
  address: RedisAddress;
  /** Names this process among those that share the store; another at each start. */
  processId: string;
  loadBalances: LoadBalances;
  /** Ships what is journalled; resolves once the database has it. */
  flushLedger(): Promise<void>;
  /** How many processes there are, this one included. */
  liveProcesses(): number;
  failMode: FailMode;
  /** Longest wait for an answer. */
  timeoutMs: number;
  /** How long the bill of another process can be on its way to the database. */
  billLagMs: number;
  /** Begins the name of every key, in braces: all keys in one slot of a cluster. */
  prefix: string;
  /** `caller`: time is what callers say (tests). Otherwise Redis's clock, which is the same for all hosts. */
  clock: 'redis' | 'caller';
  /** An epoch does not open before; by then every process has noticed it. */
  fenceMs: number;
  onStateChange(state: RedisState, reason: string): void;
}

/** `rebuilding`: Redis answers, but has forgotten; nothing is admitted before all bills are in the ledger. */
export type RedisState = 'up' | 'down' | 'rebuilding';

export interface RedisCounters extends Counters {
  state(): RedisState;
  /** What kept Redis from answering last, in one sentence without secrets. */
  trouble(): string;
}

type Granted = Extract<RedisReservation, { granted: true }>;

/** Longer than this out of everybody's reach, and leases do not end before their processes could renew them. */
const QUIET_MS = 3_000;
const START_PATIENCE_MS = 3_000;
const MAX_LOADS = 20;

/**
 * Counters in Redis or Valkey, shared by every process that has the same address and prefix. One round trip for each
 * reserve, settle, release and renew; another one only for the first touch of a budget.
 *
 * Resolves when Redis has answered, or when it has not for three seconds: then as after any loss of Redis.
 */
export async function createRedisCounters(options: RedisCounterOptions): Promise<RedisCounters> {
  const tag = `{${options.prefix}}`;
  const quietMs = options.clock === 'redis' ? QUIET_MS : 0;
  const time = (nowMs: number): number | string => (options.clock === 'caller' ? nowMs : '');
  const live = new Roster<RedisHold>();
  const balances = createOpeningBalances(options.loadBalances);
  let state: RedisState = 'down';
  let holdCount = 0;

  const link = createRedisLink({
    address: options.address,
    tag,
    timeoutMs: options.timeoutMs,
    greet: (runId) => epoch.greet(runId),
    onUp: () => outbox.resend(),
    onDown: (reason) => {
      epoch.doubt();
      note('down', reason);
    },
    onTorn: () => epoch.end(),
  });
  const epoch = createRedisEpoch({
    tag,
    processId: options.processId,
    fenceMs: options.fenceMs,
    quietMs,
    liveProcesses: options.liveProcesses,
    ask: link.ask,
    flushLedger: options.flushLedger,
    restoreHolds: async () => {
      standIn.end();
      for (const hold of live.list()) if (live.has(hold)) await restore(hold, link.ask);
      // Before anything is admitted on them, the counters have what was spent meanwhile.
      await outbox.deliver(link.ask);
    },
    onOpen: () => {
      note('up', 'Redis answers, and its counters are complete');
      outbox.deliver(link.call).catch(() => {});
    },
    onClosed: () => {
      outbox.forget();
      note('rebuilding', 'Redis has lost its counters: they are read back from the ledger');
    },
  });
  const outbox = createRedisOutbox({
    processId: options.processId,
    link,
    epoch,
    clock: options.clock,
    finish,
    onOverflow: () => epoch.end(),
  });
  const standIn: StandIn = createStandIn({
    mode: options.failMode,
    loadBalances: options.loadBalances,
    liveProcesses: options.liveProcesses,
    liveHolds: () => live.list(),
  });

  function note(next: RedisState, reason: string): void {
    if (next === state) return;
    state = next;
    options.onStateChange(next, reason);
  }

  const keyOf = (charge: Charge): string => epoch.counterKey(charge.counter);

  async function reserveThere(charges: readonly Charge[], nowMs: number, leaseMs: number): Promise<RedisReservation> {
    outbox.push();
    if (link.isUp() && !epoch.isOpen()) await epoch.catchUp(options.timeoutMs);
    let loaded = new Map<string, OpeningBalance>();
    for (let attempt = 0; attempt < MAX_LOADS; attempt += 1) {
      holdCount += 1;
      const id = `${options.processId}:${holdCount}`;
      const known = epoch.id();
      const readAtMs = Math.min(...[...loaded.values()].map((one) => one.readAtMs));
      const reply = await link.call(
        'reserve',
        [epoch.key, ...charges.map(keyOf)],
        [
          known,
          time(nowMs),
          leaseMs,
          id,
          options.processId,
          options.billLagMs,
          loaded.size === 0 ? 0 : readAtMs,
          quietMs,
          ...charges.flatMap((charge) => {
            const opening = loaded.get(charge.counter);
            return [
              charge.counter,
              charge.unit,
              charge.amount,
              charge.atLeast,
              charge.ceiling,
              charge.windowMs,
              opening?.nanoUsd ?? '',
              opening?.seq ?? '',
            ];
          }),
        ],
        (late) => {
          if (late[0] !== 'held') return;
          const { hold } = buildReservation(charges, late, nowMs, leaseMs, { id, epochId: known }) as Granted;
          void outbox.end(hold, null, nowMs);
        },
      );
      switch (reply[0]) {
        case 'epoch':
        case 'closed':
          await epoch.catchUp(options.timeoutMs);
          break;
        case 'missing':
          loaded = await balances.load(toMissing(charges, reply));
          break;
        default: {
          const reservation = buildReservation(charges, reply, nowMs, leaseMs, { id, epochId: known });
          if (reservation.granted) live.add(reservation.hold);
          standIn.learn(reservation, nowMs - (reply[1] as number));
          return reservation;
        }
      }
    }
    throw new RedisAway('a balance moved too often while it was being read');
  }

  /** Takes its place in Redis again, as far as it is not there. */
  async function restore(hold: RedisHold, send: RedisLink['ask']): Promise<void> {
    const reply = await send(
      'restore',
      [epoch.key, ...hold.charges.map(({ charge }) => keyOf(charge))],
      [
        epoch.id(),
        options.clock === 'caller' ? hold.expiresAtMs - hold.leaseMs : '',
        hold.leaseMs,
        hold.id,
        ...hold.charges.flatMap((held) => [
          held.charge.counter,
          held.granted,
          held.charge.windowMs,
          held.windowStartMs,
        ]),
      ],
    );
    if (reply[0] === 'epoch') throw new RedisAway('the counters were lost again');
    hold.epochId = epoch.id();
    if (reply[0] === 'restored')
      hold.charges.forEach((held, index) => {
        held.windowStartMs = reply[index + 1] as number;
      });
  }

  /** Ends a hold in Redis; harmless when repeated. Rejects with RedisAway when Redis does not say that it is done. */
  async function finish(
    hold: RedisHold,
    used: Consumption | null,
    nowMs: number,
    send: RedisLink['ask'],
  ): Promise<void> {
    // Granted while Redis was away, or in counters that are lost: unless it was put back, its bill is in the ledger only.
    if (hold.epochId === null) await restore(hold, send);
    if (hold.epochId !== epoch.id()) return;
    const reply = await send(
      'finish',
      [epoch.key, ...hold.charges.map(({ charge }) => keyOf(charge))],
      [
        epoch.id(),
        time(nowMs),
        hold.id,
        used === null ? 'release' : 'settle',
        options.processId,
        ...hold.charges.flatMap((held) => [
          held.charge.counter,
          held.charge.unit,
          held.granted,
          held.windowStartMs,
          used === null ? 0 : consumed(held, used),
        ]),
      ],
    );
    // Lost, hold and all: what was used is in the journal, and whoever waits here has an answer to give to a client.
    if (reply[0] === 'epoch') await epoch.catchUp(0).catch(() => {});
  }

  async function end(hold: Hold, used: Consumption | null, nowMs: number): Promise<void> {
    const open = hold as RedisHold;
    if (!live.remove(open)) return;
    standIn.finish(open, used, nowMs);
    await outbox.end(open, used, nowMs);
  }

  async function look(
    wanted: readonly { counter: string; money: boolean }[],
    nowMs: number,
  ): Promise<{ atMs: number; of: { used: number; held: number; startMs: number }[] }> {
    const reply = await readThere(wanted, nowMs);
    const at = (index: number, field: number): number | string | undefined => reply?.[2 + index * 3 + field];
    const unknown = wanted.filter(({ money }, index) => money && typeof at(index, 0) !== 'number');
    const found =
      unknown.length === 0
        ? new Map<string, number>()
        : await options.loadBalances([...new Set(unknown.map(({ counter }) => counter))]);
    return {
      atMs: reply === null ? nowMs : (reply[1] as number),
      of: wanted.map(({ counter }, index) => {
        const used = at(index, 0);
        return {
          used: typeof used === 'number' ? used : (found.get(counter) ?? 0),
          held: (at(index, 1) as number | undefined) ?? 0,
          startMs: (at(index, 2) as number | undefined) ?? 0,
        };
      }),
    };
  }

  /** Null: Redis does not answer, or not with these counters. */
  async function readThere(wanted: readonly { counter: string }[], nowMs: number): Promise<RedisReply | null> {
    outbox.push();
    try {
      const keys = wanted.map(({ counter }) => epoch.counterKey(counter));
      const reply = await link.call('read', [epoch.key, ...keys], [epoch.id(), time(nowMs)]);
      return reply[0] === 'ok' ? reply : null;
    } catch (error) {
      if (error instanceof RedisAway) return null;
      throw error;
    }
  }

  await link.waitUntilUp(START_PATIENCE_MS);
  if (link.isUp()) await epoch.catchUp(START_PATIENCE_MS).catch(() => {});

  return {
    async reserve(charges, nowMs, leaseMs) {
      if (charges.length === 0) return { granted: true, hold: { id: '', charges: [], expiresAtMs: nowMs + leaseMs } };
      try {
        return await reserveThere(charges, nowMs, leaseMs);
      } catch (error) {
        if (!(error instanceof RedisAway) && !(error instanceof CountersClosed)) throw error;
        holdCount += 1;
        const id = `${options.processId}:${holdCount}`;
        const grant = await standIn.reserve(charges, nowMs, leaseMs, error);
        if (!grant.granted) return grant;
        const hold = buildHold(id, null, grant.charges, nowMs, leaseMs);
        hold.twin = grant.twin;
        live.add(hold);
        return { granted: true, hold };
      }
    },

    settle: (hold, used, nowMs) => (hold.charges.length === 0 ? undefined : end(hold, used, nowMs)),

    release: (hold, nowMs) => (hold.charges.length === 0 ? undefined : end(hold, null, nowMs)),

    async renew(hold, nowMs, leaseMs) {
      const open = hold as RedisHold;
      if (open.charges.length === 0 || !live.has(open)) return;
      open.leaseMs = leaseMs;
      standIn.renew(open, nowMs, leaseMs);
      if (open.epochId !== epoch.id()) return;
      const keys = open.charges.map(({ charge }) => keyOf(charge));
      try {
        const reply = await link.call('renew', [epoch.key, ...keys], [epoch.id(), time(nowMs), leaseMs, open.id]);
        if (reply[0] === 'held') open.expiresAtMs = nowMs + leaseMs;
      } catch (error) {
        // Holds are put back when Redis returns.
        if (!(error instanceof RedisAway)) throw error;
      }
    },

    async read(charges: readonly Charge[], nowMs: number): Promise<CounterState[]> {
      const { atMs, of } = await look(
        charges.map(({ counter, unit }) => ({ counter, money: unit === 'nano_usd' })),
        nowMs,
      );
      return charges.map((charge, index) => {
        const { used, held, startMs } = of[index] ?? { used: 0, held: 0, startMs: 0 };
        const passed = charge.windowMs > 0 && startMs > 0 && atMs >= startMs + charge.windowMs;
        return passed
          ? { used: 0, held: 0, resetAtMs: null }
          : { used, held, resetAtMs: toResetAtMs(charge, startMs, nowMs - atMs) };
      });
    },

    async spent(counterIds) {
      if (counterIds.length === 0) return [];
      const { of } = await look(
        counterIds.map((counter) => ({ counter, money: true })),
        0,
      );
      return of.map(({ used }) => used);
    },

    adjust: (counterId, deltaNanoUsd, change) => outbox.adjust(counterId, deltaNanoUsd, change),

    reread: (moved) => outbox.reread([...moved.keys()]),

    async openHolds() {
      try {
        const reply = await link.call('countHolds', [epoch.key], [epoch.id(), '']);
        return reply[0] === 'ok' ? (reply[1] as number) : live.size;
      } catch (error) {
        if (error instanceof RedisAway) return live.size;
        throw error;
      }
    },

    async expire(nowMs) {
      standIn.expire(nowMs);
      try {
        const reply = await link.call('expire', [epoch.key], [epoch.id(), time(nowMs), quietMs]);
        return reply[0] === 'ok' ? (reply[1] as number) : 0;
      } catch (error) {
        if (error instanceof RedisAway) return 0;
        throw error;
      }
    },

    state: () => state,

    trouble: link.trouble,

    async close() {
      await outbox.drain();
      await link.close();
    },
  };
}

/** The counters whose balance Redis asks for, and what it said of each. */
function toMissing(charges: readonly Charge[], reply: RedisReply) {
  const atMs = reply[1] as number;
  const waitMs = reply[2] as number;
  const missing = new Map<string, { seq: number; atMs: number; waitMs: number }>();
  for (let at = 3; at < reply.length; at += 2)
    missing.set((charges[(reply[at] as number) - 1] as Charge).counter, { seq: reply[at + 1] as number, atMs, waitMs });
  return missing;
}
