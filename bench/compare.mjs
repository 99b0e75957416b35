// The protocol of a comparison: rounds with fresh processes, one for each side, all of them up at once. Each is warmed up, and
// then they take turns, in random order, at short windows of load: a machine whose pace changes from second to second (what
// else runs on its host, its clock) does so to all sides alike. The same code started twice differs by a quarter now and
// then, so a side is measured twice under two names (A/A): when those two differ, the run says nothing.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad } from './closed-loop.mjs';
import { readCpuNs, readRssBytes } from './cpu-time.mjs';
import { estimateMedian, median, quantile, shuffle } from './statistics.mjs';

/**
 * @typedef {object} Side
 * @property {string} name
 * @property {() => Promise<{ target: import('./targets.mjs').Target, request: Buffer }>} start
 */

/**
 * @typedef {object} Pace
 * @property {number} rounds
 * @property {number} warmUpMs Of steady load, before the first window.
 * @property {number} rampMs Of load before each window: what a call leaves to be done later (its bill, its record) is done at
 *   the pace of the calls by then.
 * @property {number} windowMs
 * @property {number} windows Of each side.
 * @property {number} [spreadMs] The connections of a load open one after the other over so long.
 */

/** One side's figures in one round. @typedef {{ cpuUs: number, perSecond: number, p50Ms: number, p99Ms: number, firstByteMs: number, rssBytes: number }} Figures */

/** @type {Pace} */
export const FULL_PACE = { rounds: 8, warmUpMs: 3_000, rampMs: 1_000, windowMs: 1_000, windows: 4 };
/** @type {Pace} */
export const QUICK_PACE = { rounds: 2, warmUpMs: 1_000, rampMs: 200, windowMs: 400, windows: 3 };

/**
 * @param {readonly Side[]} sides
 * @param {number} connections
 * @param {Pace} pace
 * @param {(line: string) => void} log
 * @returns {Promise<Record<string, Figures[]>>} By side, a round each, in the same order for all.
 */
export async function measureSides(sides, connections, pace, log) {
  /** @type {Record<string, Figures[]>} */
  const rounds = Object.fromEntries(sides.map(({ name }) => [name, []]));
  for (let round = 0; round < pace.rounds; round += 1) {
    /** @type {Running[]} */
    const running = [];
    try {
      for (const { name, start } of shuffle(sides)) {
        const one = { name, ...(await start()), windows: [] };
        running.push(one);
        await warmUp(one, connections, pace);
      }
      for (let window = 0; window < pace.windows; window += 1) {
        for (const one of shuffle(running)) one.windows.push(await measureWindow(one, connections, pace));
      }
    } finally {
      await Promise.all(running.map(({ target }) => target.stop()));
    }
    for (const { name, windows } of running) {
      const figures = middle(windows);
      rounds[name]?.push(figures);
      log(`  round ${round + 1} ${name}: ${figures.cpuUs.toFixed(1)} µs, ${figures.perSecond.toFixed(0)}/s`);
    }
  }
  return rounds;
}

/** @typedef {{ name: string, target: import('./targets.mjs').Target, request: Buffer, windows: Figures[] }} Running */

/**
 * @param {Running} running
 * @param {number} connections
 * @param {Pace} pace
 */
async function warmUp(running, connections, pace) {
  const load = startLoadOn(running, connections, pace);
  await sleep(pace.warmUpMs);
  await load.stop();
}

/**
 * @param {Running} running
 * @param {number} connections
 * @param {Pace} pace
 * @returns {Promise<Figures>}
 */
async function measureWindow(running, connections, pace) {
  const load = startLoadOn(running, connections, pace);
  await sleep(pace.rampMs);
  const figures = await measureLoad(load, running.target, pace.windowMs);
  await load.stop();
  return figures;
}

/**
 * What a load that is under way comes to, from now on for so long.
 *
 * @param {import('./closed-loop.mjs').Load} load
 * @param {import('./targets.mjs').Target} target
 * @param {number} windowMs
 * @returns {Promise<Figures>}
 */
export async function measureLoad(load, target, windowMs) {
  load.take();
  const cpuNs = readCpuNs(target.pid);
  const startedMs = performance.now();
  await sleep(windowMs);
  const tally = load.take();
  const seconds = (performance.now() - startedMs) / 1_000;
  const ranNs = readCpuNs(target.pid) - cpuNs;
  const rssBytes = readRssBytes(target.pid);
  if (tally.failed > 0 || tally.broken > 0) {
    throw new Error(`answers failed under load: ${JSON.stringify(tally.statuses)}, ${tally.broken} broken`);
  }
  return {
    cpuUs: ranNs / 1_000 / tally.completed,
    perSecond: tally.completed / seconds,
    p50Ms: quantile(tally.latenciesMs, 0.5),
    p99Ms: quantile(tally.latenciesMs, 0.99),
    firstByteMs: quantile(tally.firstByteMs, 0.5),
    rssBytes,
  };
}

/**
 * @param {Running} running
 * @param {number} connections
 * @param {Pace} pace
 */
function startLoadOn({ target, request }, connections, { spreadMs }) {
  return startLoad({ port: target.port, connections, next: () => request, spreadMs });
}

/**
 * Each figure's median.
 *
 * @param {readonly Figures[]} figures
 * @returns {Figures}
 */
export function middle(figures) {
  /** @param {keyof Figures} name */
  const of = (name) => median(figures.map((one) => one[name]));
  return {
    cpuUs: of('cpuUs'),
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    firstByteMs: of('firstByteMs'),
    rssBytes: of('rssBytes'),
  };
}

/**
 * The ratio of two sides, round by round.
 *
 * @param {readonly Figures[]} ours
 * @param {readonly Figures[]} theirs
 * @param {keyof Figures} name
 */
export function ratioOf(ours, theirs, name) {
  return estimateMedian(ours.map((figures, round) => figures[name] / /** @type {Figures} */ (theirs[round])[name]));
}
