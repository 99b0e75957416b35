// What it costs that every call's record goes to a bucket which takes 50 ms for an upload: not at all, from the queue on
// disk, and as it would be if each call waited for its own upload.

import { startGatewaySide } from '../chat-call.mjs';
import { FULL_PACE, measureSides, middle, QUICK_PACE, ratioOf } from '../compare.mjs';
import { formatEstimate, megabytes, table } from '../format.mjs';
import { startBucket, startUpstream } from '../targets.mjs';

const UPLOAD_MS = 50;
const NONE = 'no sink';
const AGAIN = 'no sink, again';
const OURS = 'queue on disk';
const AWAITED = 'one upload awaited per call';

/** @type {import('../run.mjs').Scenario} */
export const sinks = {
  name: 'sinks',
  aliases: [],
  title: 'Calls whose records go to a bucket',
  async run({ quick, log }) {
    const upstream = await startUpstream({});
    const bucket = await startBucket(UPLOAD_MS);
    const env = { GCS_BUCKET_NAME: 'bench', STORAGE_EMULATOR_HOST: `http://127.0.0.1:${bucket.port}` };
    const litellm = { callbacks: ['gcs_bucket'] };
    /** @param {Parameters<typeof startGatewaySide>[1]} options */
    const side = (options) => () => startGatewaySide(upstream.port, options);
    try {
      const rounds = await measureSides(
        [
          { name: NONE, start: side({}) },
          { name: AGAIN, start: side({}) },
          { name: OURS, start: side({ env, litellm }) },
          { name: AWAITED, start: side({ env, litellm, node: ['--import', './bench/upload-per-call.mjs'] }) },
        ],
        32,
        quick ? QUICK_PACE : FULL_PACE,
        log,
      );
      return report(rounds);
    } finally {
      await upstream.stop();
      await bucket.stop();
    }
  },
};

/**
 * @param {Record<string, import('../compare.mjs').Figures[]>} rounds
 * @returns {import('../run.mjs').Result}
 */
function report(rounds) {
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
    },
    markdown: [
      `32 connections, non-streaming, a body of about 120 bytes; the bucket answers an upload after ${UPLOAD_MS} ms. ${of(NONE).length} rounds, each side in a fresh process. The bucket has the core of the load.`,
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
    ],
  };
}
