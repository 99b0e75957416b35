// What it costs that every call's record goes to a bucket which takes 50 ms for an upload: not at all, from the queue on
// disk, and as it would be if each call waited for its own upload.

import { buildChatCall, startGatewaySide } from '../chat-call.mjs';
import { FULL_PACE, measureSides, middle, QUICK_PACE, ratioOf } from '../compare.mjs';
import { formatEstimate, megabytes, table } from '../format.mjs';
import { FULL_TURNS, QUICK_TURNS, takeTurns } from '../one-process.mjs';
import { GOVERNED, startBucket, startGateway, startUpstream } from '../targets.mjs';

const UPLOAD_MS = 50;
const NONE = 'no sink';
const AGAIN = 'no sink, again';
const OURS = 'queue on disk';
const AWAITED = 'one upload awaited per call';
/**
 * What a record costs is a twentieth of what a call costs, and code that has just begun to run is as far from its last speed
 * as that for ten seconds and more: the side with more code would be measured while it is still behind.
 */
const PACE = { ...FULL_PACE, rounds: 10, warmUpMs: 20_000, windowMs: 2_000 };

const LOGGED = 'logged';
const UNLOGGED = 'not logged';
const UNLOGGED_AGAIN = 'not logged, again';

const FULL = { pace: PACE, turns: FULL_TURNS, processes: 5 };
const QUICK = { pace: QUICK_PACE, turns: QUICK_TURNS, processes: 1 };

/** @typedef {ReturnType<typeof ratiosOf>} Tax What a record costs where nothing else differs. */

/** @type {import('../run.mjs').Scenario} */
export const sinks = {
  name: 'sinks',
  aliases: [],
  title: 'Calls whose records go to a bucket',
  async run({ quick, log }) {
    const effort = quick ? QUICK : FULL;
    const upstream = await startUpstream({});
    const bucket = await startBucket(UPLOAD_MS);
    const env = { GCS_BUCKET_NAME: 'bench', STORAGE_EMULATOR_HOST: `http://127.0.0.1:${bucket.port}` };
    const litellm = { callbacks: ['gcs_bucket'] };
    /** @param {Parameters<typeof startGatewaySide>[1]} options */
    const side = (options) => () => startGatewaySide(upstream.port, options);
    try {
      const tax = await measureTax(upstream.port, { env, litellm }, effort, log);
      const rounds = await measureSides(
        [
          { name: NONE, start: side({}) },
          { name: AGAIN, start: side({}) },
          { name: OURS, start: side({ env, litellm }) },
          { name: AWAITED, start: side({ env, litellm, node: ['--import', './bench/upload-per-call.mjs'] }) },
        ],
        32,
        effort.pace,
        log,
      );
      return report(rounds, tax, effort);
    } finally {
      await upstream.stop();
      await bucket.stop();
    }
  },
};

/**
 * Keys of one gateway: of one the calls are logged, of two they are not.
 *
 * @param {number} upstreamPort
 * @param {NonNullable<Parameters<typeof startGateway>[1]>} options
 * @param {typeof FULL} effort
 * @param {(line: string) => void} log
 */
async function measureTax(upstreamPort, options, { turns, processes }, log) {
  /** @type {Record<string, import('../compare.mjs').Figures[]>} */
  const all = { [LOGGED]: [], [UNLOGGED]: [], [UNLOGGED_AGAIN]: [] };
  for (let process = 0; process < processes; process += 1) {
    const gateway = await startGateway(upstreamPort, options);
    try {
      const unlogged = async () =>
        buildChatCall((await gateway.admin('/key/generate', { ...GOVERNED, metadata: { logging: [] } })).key);
      const requests = {
        [LOGGED]: buildChatCall(gateway.key),
        [UNLOGGED]: await unlogged(),
        [UNLOGGED_AGAIN]: await unlogged(),
      };
      const taken = await takeTurns(gateway, requests, 32, turns);
      for (const [kind, figures] of Object.entries(taken)) all[kind]?.push(...figures);
      log(`  process ${process + 1}: ${formatEstimate(ratiosOf(taken).throughput)} x the throughput`);
    } finally {
      await gateway.stop();
    }
  }
  return ratiosOf(all);
}

/**
 * Turn by turn, a logged key against the two others together.
 *
 * @param {Record<string, import('../compare.mjs').Figures[]>} turns
 */
function ratiosOf({ [LOGGED]: logged = [], [UNLOGGED]: one = [], [UNLOGGED_AGAIN]: other = [] }) {
  const unlogged = one.map((figures, turn) => middle([figures, /** @type {typeof figures} */ (other[turn])]));
  return {
    throughput: ratioOf(logged, unlogged, 'perSecond'),
    latency: ratioOf(logged, unlogged, 'p50Ms'),
    cpu: ratioOf(logged, unlogged, 'cpuUs'),
    same: ratioOf(other, one, 'perSecond'),
  };
}

/**
 * @param {Record<string, import('../compare.mjs').Figures[]>} rounds
 * @param {Tax} tax
 * @param {typeof FULL} effort
 * @returns {import('../run.mjs').Result}
 */
function report(rounds, tax, { pace, turns, processes }) {
  const of = (/** @type {string} */ name) => rounds[name] ?? [];
  const same = ratioOf(of(AGAIN), of(NONE), 'perSecond');
  const throughput = ratioOf(of(OURS), of(NONE), 'perSecond');
  const latency = ratioOf(of(OURS), of(NONE), 'p50Ms');
  const cpu = ratioOf(of(OURS), of(NONE), 'cpuUs');
  const gain = ratioOf(of(OURS), of(AWAITED), 'perSecond');
  const faster = ratioOf(of(AWAITED), of(OURS), 'p50Ms');
  const isMet = throughput.low >= 0.95 && latency.high <= 1.05 && gain.low >= 10;
  const isVoid = same.low < 0.9 || same.high > 1.1;
  return {
    verdict: isVoid ? 'void' : isMet ? 'met' : 'lost',
    target: 'throughput and p50 within 5 % of no sink, and 10 times the throughput of one upload awaited per call',
    outcome: `${formatEstimate(throughput)} × the throughput, ${formatEstimate(latency)} × the p50 of no sink; ${formatEstimate(gain)} × the throughput of awaited uploads`,
    figures: {
      throughput: throughput.value,
      latency: latency.value,
      cpu: cpu.value,
      gain: gain.value,
      faster: faster.value,
      aa: same.value,
      throughputInOneProcess: tax.throughput.value,
      latencyInOneProcess: tax.latency.value,
      cpuInOneProcess: tax.cpu.value,
    },
    markdown: [
      `32 connections, non-streaming, a body of about 120 bytes; the bucket answers an upload after ${UPLOAD_MS} ms. A warm-up of ${pace.warmUpMs / 1_000} s, windows of ${pace.windowMs / 1_000} s. ${of(NONE).length} rounds, each side in a fresh process. The bucket has the core of the load.`,
      table(
        ['', 'calls/s', 'p50', 'p99', 'CPU per call', 'RSS'],
        Object.entries(rounds).map(([name, figures]) => {
          const typical = middle(figures);
          return [
            name,
            typical.perSecond.toFixed(0),
            `${typical.p50Ms.toFixed(2)} ms`,
            `${typical.p99Ms.toFixed(2)} ms`,
            `${typical.cpuUs.toFixed(1)} µs`,
            megabytes(typical.rssBytes),
          ];
        }),
      ),
      `Against no sink: throughput **${formatEstimate(throughput)}**, p50 **${formatEstimate(latency)}**, CPU per call ${formatEstimate(cpu)}. Against one upload awaited per call: **${formatEstimate(gain)}** times the throughput, and its p50 is ${formatEstimate(faster)} times ours. No sink against itself: ${formatEstimate(same)}.`,
      `In one process, where nothing differs but whether a key's calls are logged, in turns of ${turns.windowMs / 1_000} s (${processes} × ${turns.turns} of each key, a fresh process for each ${turns.turns}): throughput **${formatEstimate(tax.throughput)}**, p50 **${formatEstimate(tax.latency)}**, CPU per call ${formatEstimate(tax.cpu)}; a key without a log against another without: ${formatEstimate(tax.same)}.`,
    ],
  };
}
