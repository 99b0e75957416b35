// What a comparison of sides has come to: the verdict on the ratio of their CPU per call, and the table.

import { middle, ratioOf } from './compare.mjs';
import { formatEstimate, megabytes, table } from './format.mjs';

/**
 * @param {object} options
 * @param {string} options.what The load, in a sentence.
 * @param {Record<string, import('./compare.mjs').Figures[]>} options.rounds
 * @param {string} options.ours
 * @param {string} options.theirs What ours is held against.
 * @param {string} options.again The name under which ours was measured a second time.
 * @param {number} options.limit The ratio that is the target.
 * @param {string} options.target
 * @param {boolean} [options.streams]
 * @param {string} [options.beside] Another side whose ratio is told as well; the verdict is not about it.
 * @returns {import('./run.mjs').Result}
 */
export function reportSides({ what, rounds, ours, theirs, again, limit, target, streams = false, beside }) {
  const own = rounds[ours] ?? [];
  const ratio = ratioOf(own, rounds[theirs] ?? [], 'cpuUs');
  const same = ratioOf(rounds[again] ?? [], own, 'cpuUs');
  const isVoid = same.low < 0.9 || same.high > 1.1;
  return {
    verdict: isVoid ? 'void' : ratio.high <= limit ? 'met' : 'lost',
    target,
    outcome: `${formatEstimate(ratio)} ×`,
    figures: { ratio: ratio.value, low: ratio.low, high: ratio.high, aa: same.value },
    markdown: [
      `${what} ${own.length} rounds, each side in a fresh process.`,
      table(
        ['', 'CPU per call', 'calls/s', 'p50', 'p99', streams ? 'first byte' : '', 'RSS'],
        Object.entries(rounds).map(([name, figures]) => {
          const typical = middle(figures);
          return [
            name,
            `${typical.cpuUs.toFixed(1)} µs`,
            typical.perSecond.toFixed(0),
            `${typical.p50Ms.toFixed(2)} ms`,
            `${typical.p99Ms.toFixed(2)} ms`,
            streams ? `${typical.firstByteMs.toFixed(2)} ms` : '',
            megabytes(typical.rssBytes),
          ];
        }),
      ),
      [
        `CPU per call, ${ours} over ${theirs}: **${formatEstimate(ratio)}**.`,
        ...(beside === undefined
          ? []
          : [`Over ${beside}: ${formatEstimate(ratioOf(own, rounds[beside] ?? [], 'cpuUs'))}.`]),
        `${ours} against itself: ${formatEstimate(same)}.`,
      ].join(' '),
    ],
  };
}
