// The protocol of a comparison: rounds with a fresh process for each side in random order, a warm-up, a few short
// windows. The same code started twice differs by a quarter now and then, so a side is measured twice under two names
// (A/A): when those two differ, the run says nothing.

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
 * @property {number} warmUpMs
 * @property {number} windowMs
 * @property {number} windows
 */

/** One side's figures in one round. @typedef {{ cpuUs: number, perSecond: number, p50Ms: number, p99Ms: number, firstByteMs: number, rssBytes: number }} Figures */

/** @type {Pace} */
export const FULL_PACE = { rounds: 10, warmUpMs: 3_000, windowMs: 1_500, windows: 3 };
/** @type {Pace} */
export const QUICK_PACE = { rounds: 2, warmUpMs: 1_000, windowMs: 700, windows: 2 };

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
    for (const side of shuffle(sides)) {
      const { target, request } = await side.start();
      try {
        const figures = await measureOnce(target, request, connections, pace);
        rounds[side.name]?.push(figures);
        log(`  round ${round + 1} ${side.name}: ${figures.cpuUs.toFixed(1)} µs, ${figures.perSecond.toFixed(0)}/s`);
      } finally {
        await target.stop();
      }
    }
  }
  return rounds;
}

/**
 * @param {import('./targets.mjs').Target} target
 * @param {Buffer} request
 * @param {number} connections
 * @param {Pace} pace
 * @returns {Promise<Figures>}
 */
async function measureOnce(target, request, connections, pace) {
  const load = startLoad({ port: target.port, connections, next: () => request });
  await sleep(pace.warmUpMs);
  load.take();
  /** @type {Figures[]} */
  const windows = [];
  for (let window = 0; window < pace.windows; window += 1) {
    const cpuNs = readCpuNs(target.pid);
    const startedMs = performance.now();
    await sleep(pace.windowMs);
    const tally = load.take();
    const seconds = (performance.now() - startedMs) / 1_000;
    const ranNs = readCpuNs(target.pid) - cpuNs;
    if (tally.failed > 0 || tally.broken > 0) {
      throw new Error(`answers failed under load: ${JSON.stringify(tally.statuses)}, ${tally.broken} broken`);
    }
    windows.push({
      cpuUs: ranNs / 1_000 / tally.completed,
      perSecond: tally.completed / seconds,
      p50Ms: quantile(tally.latenciesMs, 0.5),
      p99Ms: quantile(tally.latenciesMs, 0.99),
      firstByteMs: quantile(tally.firstByteMs, 0.5),
      rssBytes: readRssBytes(target.pid),
    });
  }
  await load.stop();
  return middle(windows);
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
