// What the gateway adds to a call when nothing else is going on.

import { buildChatCall } from '../chat-call.mjs';
import { openConnection } from '../closed-loop.mjs';
import { formatEstimate, table } from '../format.mjs';
import { estimateMedian, quantile, shuffle } from '../statistics.mjs';
import { startBaseline, startGateway, startUpstream } from '../targets.mjs';

/** @type {import('../run.mjs').Scenario} */
export const latency = {
  name: 'latency',
  aliases: ['S3'],
  title: 'Latency added to one call at a time',
  async run({ quick }) {
    const rounds = quick ? 500 : 4_000;
    const upstream = await startUpstream();
    const bare = await startBaseline(upstream.port);
    const gateway = await startGateway(upstream.port);
    const sides = [
      { name: 'upstream itself', port: upstream.port, key: 'sk-nobody' },
      { name: 'bare proxy', port: bare.port, key: 'sk-nobody' },
      { name: 'governed', port: gateway.port, key: gateway.key },
    ].map((side) => ({
      ...side,
      connection: openConnection(side.port),
      request: buildChatCall(side.key),
      /** @type {number[]} */
      ms: [],
    }));
    for (let round = -200; round < rounds; round += 1) {
      for (const side of shuffle(sides)) {
        const { status, ms } = await side.connection.call(side.request);
        if (status !== 200) throw new Error(`${side.name} answered ${status}`);
        if (round >= 0) side.ms.push(ms);
      }
    }
    for (const side of sides) side.connection.close();
    await Promise.all([bare.stop(), gateway.stop()]);
    await upstream.stop();

    const [direct, proxied, governed] = sides.map(({ ms }) => ms);
    if (direct === undefined || proxied === undefined || governed === undefined) throw new Error('a side is missing');
    const overUpstream = estimateMedian(difference(governed, direct), 1_000);
    const bareOverUpstream = estimateMedian(difference(proxied, direct), 1_000);
    const overBare = estimateMedian(difference(governed, proxied), 1_000);
    return {
      verdict: 'none',
      target: 'none',
      outcome: `${formatEstimate(overUpstream)} ms over the upstream itself`,
      figures: { addedMs: overUpstream.value, bareAddedMs: bareOverUpstream.value, overBareMs: overBare.value },
      markdown: [
        `One request to each side per round, in random order, over kept-alive connections; ${rounds} rounds. The added ` +
          'latency is the median of the differences within a round.',
        table(
          ['', 'p50', 'p99', 'added to the upstream'],
          [
            [
              'upstream itself',
              `${quantile(direct, 0.5).toFixed(3)} ms`,
              `${quantile(direct, 0.99).toFixed(3)} ms`,
              '',
            ],
            ['bare proxy', ...percentiles(proxied), `${formatEstimate(bareOverUpstream)} ms`],
            ['governed', ...percentiles(governed), `${formatEstimate(overUpstream)} ms`],
          ],
        ),
        `Governed over bare: ${formatEstimate(overBare)} ms.`,
      ],
    };
  },
};

/**
 * @param {readonly number[]} ours
 * @param {readonly number[]} theirs
 */
function difference(ours, theirs) {
  return ours.map((ms, round) => ms - /** @type {number} */ (theirs[round]));
}

/** @param {readonly number[]} values */
function percentiles(values) {
  return [`${quantile(values, 0.5).toFixed(3)} ms`, `${quantile(values, 0.99).toFixed(3)} ms`];
}
