/** What goes from the slices of a process to the store that they are parts of: reports, and money that nobody charged. */
import type { Charge, Consumption, Hold } from '../core/charge.ts';
import type { Counters, MaybePromise } from './counters.ts';
import type { Lot } from './slice.ts';

const READ_ATTEMPTS = 5;
const SETTLE_ROUNDS = 5;

export interface StoreTraffic {
  /** The store does not answer: what there is has to last. Set by whoever asks it. */
  failing: boolean;
  /** Ends what the store holds for a lot, with what was used of it. What does not arrive is sent again by `resend`. */
  report(lot: Lot, unit: Charge['unit'], amount: number, nowMs: number): void;
  resend(nowMs: number): void;
  /** So many reports have been sent. */
  reportCount(): number;
  /** While a call waits for the store, it is remembered of which counters something is reported. */
  whileWaiting<T>(wait: () => Promise<T>): Promise<T>;
  /** Something of the counter was reported after the first `before` reports, counted since this call waits. */
  hasReported(counter: string, before: number): boolean;
  /** Spend of a counter that was not charged: it counts where somebody else charges it. */
  note(counter: string, nanoUsd: number): void;
  /** Tells what was noted of one counter, or of all. */
  sendNoted(only?: string): void;
  /** The store has been asked something that `settled` waits for. It must not reject. */
  track(sent: Promise<unknown>): void;
  /** What is on its way has been answered, and what followed from the answers. */
  settled(): Promise<void>;
  /** Asks the store something, and what this process has to add to the answer, at one moment as far as reports go. */
  look<T, L>(ask: () => MaybePromise<T>, local: () => L): Promise<[T, L]>;
}

export function createStoreTraffic(store: Counters): StoreTraffic {
  const noted = new Map<string, number>();
  const transit = new Set<Promise<unknown>>();
  let unsent: { hold: Hold; used: Consumption }[] = [];
  let reports = 0;
  /** The latest report of a counter, by its number. */
  const reported = new Map<string, number>();
  let waiting = 0;

  function send(ended: { hold: Hold; used: Consumption }, nowMs: number): void {
    traffic.track(
      Promise.resolve(store.settle(ended.hold, ended.used, nowMs)).catch(() => {
        traffic.failing = true;
        unsent.push(ended);
      }),
    );
  }

  const traffic: StoreTraffic = {
    failing: false,

    report({ hold }, unit, amount, nowMs) {
      const used = { tokens: unit === 'nano_usd' ? 0 : amount, nanoUsd: unit === 'nano_usd' ? amount : 0 };
      reports += 1;
      if (waiting > 0) for (const { charge } of hold.charges) reported.set(charge.counter, reports);
      send({ hold, used }, nowMs);
    },

    resend(nowMs) {
      const again = unsent;
      unsent = [];
      for (const ended of again) send(ended, nowMs);
    },

    reportCount: () => reports,

    async whileWaiting(wait) {
      if (waiting === 0) reported.clear();
      waiting += 1;
      try {
        return await wait();
      } finally {
        waiting -= 1;
      }
    },

    hasReported: (counter, before) => (reported.get(counter) ?? 0) > before,

    note(counter, nanoUsd) {
      noted.set(counter, (noted.get(counter) ?? 0) + nanoUsd);
    },

    sendNoted(only) {
      for (const counter of only === undefined ? noted.keys() : [only]) {
        const nanoUsd = noted.get(counter);
        noted.delete(counter);
        if (nanoUsd !== undefined) traffic.track(Promise.resolve(store.adjust(counter, nanoUsd)));
      }
    },

    track(sent) {
      transit.add(sent);
      void sent.finally(() => transit.delete(sent));
    },

    async settled() {
      for (let round = 0; round < SETTLE_ROUNDS && transit.size > 0; round += 1) await Promise.all(transit);
    },

    async look(ask, local) {
      for (let attempt = 1; ; attempt += 1) {
        traffic.sendNoted();
        await traffic.settled();
        const before = reports;
        const own = local();
        const answer = await ask();
        if (before === reports || attempt === READ_ATTEMPTS) return [answer, own];
      }
    },
  };
  return traffic;
}
