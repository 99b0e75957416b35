// The protocol of a comparison within one process: requests of several kinds take turns, in random order, at short windows of
// one load that never stops. Processes of the same code differ by more than some things cost; here there is only one. It can
// tell what a kind of request costs, and not what it costs that a process could have such requests.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad } from './closed-loop.mjs';
import { measureLoad } from './compare.mjs';
import { shuffle } from './statistics.mjs';

/**
 * @typedef {object} TurnPace
 * @property {number} warmUpMs
 * @property {number} turns Windows of each kind.
 * @property {number} settleMs Between two windows: requests of the other kind are still under way.
 * @property {number} windowMs
 */

/** @type {TurnPace} */
export const FULL_TURNS = { warmUpMs: 20_000, turns: 60, settleMs: 250, windowMs: 600 };
/** @type {TurnPace} */
export const QUICK_TURNS = { warmUpMs: 2_000, turns: 5, settleMs: 100, windowMs: 200 };

/**
 * @param {import('./targets.mjs').Target} target
 * @param {Record<string, Buffer>} requests By kind.
 * @param {number} connections
 * @param {TurnPace} pace
 * @returns {Promise<Record<string, import('./compare.mjs').Figures[]>>} By kind, a turn each, in the same order for all.
 */
export async function takeTurns(target, requests, connections, { warmUpMs, turns, settleMs, windowMs }) {
  const kinds = Object.keys(requests);
  let request = /** @type {Buffer} */ (requests[/** @type {string} */ (kinds[0])]);
  const load = startLoad({ port: target.port, connections, next: () => request });
  const takeTurn = async (/** @type {string} */ kind) => {
    request = /** @type {Buffer} */ (requests[kind]);
    await sleep(settleMs);
    return measureLoad(load, target, windowMs);
  };
  /** @type {Record<string, import('./compare.mjs').Figures[]>} */
  const taken = Object.fromEntries(kinds.map((kind) => [kind, []]));
  try {
    const warmMs = performance.now() + warmUpMs;
    while (performance.now() < warmMs) for (const kind of shuffle(kinds)) await takeTurn(kind);
    for (let turn = 0; turn < turns; turn += 1) {
      for (const kind of shuffle(kinds)) taken[kind]?.push(await takeTurn(kind));
    }
  } finally {
    await load.stop();
  }
  return taken;
}
