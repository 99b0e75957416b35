/**
 * May what is cached here still be believed? Other processes change keys and owners, and this one hears of it from the
 * change feed: as long as it has looked there a moment ago, what it has cached is at most that old.
 *
 * Two things get in the way, and they are told apart. A process that **stood still** (stopped, or starved) has missed
 * what happened meanwhile; it believes nothing until it has caught up. A **database that does not answer** while this
 * process keeps asking changes nothing for anybody: known keys go on for a configured time.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseUnavailable } from './database-unavailable.ts';

export interface Freshness {
  /** Undefined: what is cached may be believed. Else resolves once it may; rejects with database_unavailable. */
  whenCurrent(): Promise<void> | undefined;
  /** The same question without waiting. */
  isCurrent(): boolean;
  /** The database has not answered for a while. */
  isCutOff(): boolean;
  /** Since when nothing is known of other processes' changes, in milliseconds ago. */
  behindMs(): number;
  /** For a timer, every `TICK_MS`: looks for changes when it is time. */
  tick(): void;
  /** Looks for changes now, since there are said to be some. */
  nudge(): void;
}

export interface FreshnessOptions {
  /** Delivers every change that was committed before it was called. */
  poll(): Promise<void>;
  /** Without a look for this long nothing that is cached counts; at least a second. */
  maxStalenessMs: number;
  /** How long known keys go on while the database does not answer. */
  outageGraceMs: number;
  /** More may have been missed than the feed keeps. */
  forget(): void;
  /** Told once when the database stops answering, with what it said last if it did, and once when it answers again. */
  onCutOff(cutOff: boolean, cause?: unknown): void;
  /** A clock that nobody sets. */
  monotonicMs?: () => number;
}

export const TICK_MS = 100;
const POLL_EVERY_MS = 500;
const LONGEST_WAIT_MS = 2_000;
const RETRY_AFTER_MS = 50;
/** Well within the time for which the feed's rows are kept. */
const FORGET_AFTER_MS = 6 * 60 * 60 * 1_000;

/** What has been cached until now counts as read now. */
export function createFreshness(options: FreshnessOptions): Freshness {
  const { poll, maxStalenessMs, outageGraceMs, monotonicMs = () => performance.now() } = options;
  const pollEveryMs = Math.min(POLL_EVERY_MS, maxStalenessMs / 4);
  let current = monotonicMs();
  /** When the last look began that was answered. */
  let lookedAt = current;
  let trustedUntil = current + maxStalenessMs;
  /** This process was awake then. */
  let awakeAt = current;
  /** It stood still until then, and has to catch up with a look that began later. */
  let stoodStillUntil: number | null = null;
  let lastPollAt = Number.NEGATIVE_INFINITY;
  /** When the first of the looks began that are not answered. */
  let askingSince: number | null = null;
  /** Of the last look, where it failed. */
  let failure: unknown;
  let cutOff = false;
  let polling: Promise<void> | null = null;
  let again = false;
  let catchingUp: Promise<void> | undefined;

  /** To be called before anything is concluded from the time that has passed. */
  function observe(): number {
    current = monotonicMs();
    if (current - awakeAt > maxStalenessMs) {
      // What was asked before, and had no answer in that time, says nothing about the database.
      if (!cutOff) stoodStillUntil = current;
      askingSince = null;
      trustedUntil = Math.min(trustedUntil, awakeAt + maxStalenessMs);
      setCutOff(false);
    }
    awakeAt = current;
    return current;
  }

  function setCutOff(value: boolean): void {
    if (cutOff === value) return;
    cutOff = value;
    if (value) options.onCutOff(true, failure);
    else options.onCutOff(false);
  }

  function onAnswer(beganAt: number): void {
    observe();
    if (beganAt - lookedAt > FORGET_AFTER_MS) options.forget();
    lookedAt = beganAt;
    trustedUntil = beganAt + maxStalenessMs;
    if (stoodStillUntil !== null && beganAt >= stoodStillUntil) stoodStillUntil = null;
    if (askingSince !== null && beganAt >= askingSince) askingSince = null;
    setCutOff(false);
  }

  function look(): Promise<void> {
    if (polling !== null) return polling;
    again = false;
    const beganAt = observe();
    lastPollAt = beganAt;
    askingSince ??= beganAt;
    polling = poll()
      .then(
        () => {
          failure = undefined;
          onAnswer(beganAt);
        },
        (error: unknown) => {
          failure = error;
        },
      )
      .finally(() => {
        polling = null;
        if (again) void look();
      });
    return polling;
  }

  function judge(): void {
    const now = observe();
    if (askingSince !== null && now - askingSince >= maxStalenessMs / 2 && stoodStillUntil === null) setCutOff(true);
    if (cutOff) trustedUntil = Math.min(now + maxStalenessMs, lookedAt + outageGraceMs);
  }

  async function catchUp(): Promise<void> {
    const deadline = observe() + LONGEST_WAIT_MS;
    // Beyond the time of grace there is nothing to wait for but the database.
    while (current < deadline && !cutOff) {
      await Promise.race([look(), sleep(RETRY_AFTER_MS)]);
      judge();
      if (current < trustedUntil) return;
      // A look that failed at once is not repeated at once.
      if (polling === null) await sleep(RETRY_AFTER_MS);
      if (current < trustedUntil) return;
    }
    throw databaseUnavailable(new Error('This process cannot find out what has changed.'));
  }

  return {
    whenCurrent() {
      if (monotonicMs() < trustedUntil) return undefined;
      catchingUp ??= catchUp().finally(() => {
        catchingUp = undefined;
      });
      return catchingUp;
    },
    isCurrent: () => monotonicMs() < trustedUntil,
    isCutOff: () => cutOff,
    behindMs: () => monotonicMs() - lookedAt,
    tick() {
      judge();
      if (current - lastPollAt >= pollEveryMs) void look();
    },
    nudge() {
      if (polling === null) void look();
      else again = true;
    },
  };
}

/** For a process that is alone with its database: nobody else changes anything. It looks all the same, but nobody waits. */
export function createLoneFreshness(poll: () => Promise<void>): Freshness {
  let lastPollAt = Number.NEGATIVE_INFINITY;
  const look = () => void poll().catch(() => {});
  return {
    whenCurrent: () => undefined,
    isCurrent: () => true,
    isCutOff: () => false,
    behindMs: () => 0,
    tick() {
      const now = performance.now();
      if (now - lastPollAt < POLL_EVERY_MS) return;
      lastPollAt = now;
      look();
    },
    nudge: look,
  };
}
