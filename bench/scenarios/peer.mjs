// Beside Portkey's gateway, which is TypeScript too. Not a dependency: install it aside and name the folder.
//
//   mkdir peer && cd peer
//   echo '{"dependencies":{"@portkey-ai/gateway":"1.15.2"},"overrides":{"@hono/node-server":"1.13.5","hono":"4.9.7","@hono/node-ws":"1.2.0"}}' > package.json
//   npm i --ignore-scripts && cd .. && npm run bench -- --peer peer peer
//
// Without the overrides every one of its streams is a 500.

import { LONG, SMALL } from '../chat-call.mjs';
import { buildPost } from '../closed-loop.mjs';
import { FULL_PACE, measureSides, middle, QUICK_PACE, ratioOf } from '../compare.mjs';
import { formatEstimate, significant, table } from '../format.mjs';
import { startGateway, startPeer, startUpstream } from '../targets.mjs';

const TARGET = { small: 8, large: 6, firstByte: 1 / 15 };
const FRAME_INTERVAL_MS = 10;

/** @type {import('../run.mjs').Scenario} */
export const peer = {
  name: 'peer',
  aliases: ['S1', 'S4'],
  title: 'Beside another gateway in TypeScript',
  async run({ quick, peer: folder, log }) {
    if (folder === null)
      throw new Error('name the folder that it is installed in: --peer FOLDER (see bench/scenarios/peer.mjs)');
    const pace = quick ? QUICK_PACE : FULL_PACE;
    const small = await measure(folder, { body: SMALL, connections: 32, frames: 0, pace, log });
    const large = await measure(folder, { body: LONG, connections: 32, frames: 0, pace, log });
    const stream = await measure(folder, { body: { ...SMALL, stream: true }, connections: 8, frames: 64, pace, log });
    const smallRatio = ratioOf(small.ours, small.theirs, 'perSecond');
    const largeRatio = ratioOf(large.ours, large.theirs, 'perSecond');
    const added = middle(stream.ours).firstByteMs - middle(stream.direct).firstByteMs;
    const theirAdded = middle(stream.theirs).firstByteMs - middle(stream.direct).firstByteMs;
    const met =
      smallRatio.low >= TARGET.small && largeRatio.low >= TARGET.large && added / theirAdded <= TARGET.firstByte;
    return {
      verdict: met ? 'met' : 'lost',
      target: `${TARGET.small} times its calls/s with small bodies, ${TARGET.large} times with 107 kB; a fifteenth of what it adds to the first frame`,
      outcome: `${formatEstimate(smallRatio)} times; ${formatEstimate(largeRatio)} times; ${significant(added)} ms against ${significant(theirAdded)} ms`,
      figures: { small: smallRatio.value, large: largeRatio.value, addedMs: added, theirAddedMs: theirAdded },
      markdown: [
        `\`@portkey-ai/gateway\` 1.15.2 passes calls through: it checks no key and stores nothing. Latchkey is governed. ${small.ours.length} rounds; ` +
          `streams of 64 frames, one every ${FRAME_INTERVAL_MS} ms, over 8 connections.`,
        table(
          ['', 'calls/s, small', 'CPU per call', 'calls/s, 107 kB', 'CPU per call', 'first frame (p50)'],
          /** @type {const} */ (['ours', 'theirs']).map((side) => [
            side === 'ours' ? 'Latchkey, governed' : 'Portkey',
            middle(small[side]).perSecond.toFixed(0),
            `${significant(middle(small[side]).cpuUs)} µs`,
            middle(large[side]).perSecond.toFixed(0),
            `${significant(middle(large[side]).cpuUs)} µs`,
            `${significant(middle(stream[side]).firstByteMs)} ms`,
          ]),
        ),
        `The first frame from the upstream itself: ${significant(middle(stream.direct).firstByteMs)} ms.`,
      ],
    };
  },
};

/**
 * @param {string} folder
 * @param {{ body: object, connections: number, frames: number, pace: import('../compare.mjs').Pace, log: (line: string) => void }} load
 */
async function measure(folder, { body, connections, frames, pace, log }) {
  const upstream = await startUpstream(frames === 0 ? {} : { frames, 'frame-interval-ms': FRAME_INTERVAL_MS });
  const text = JSON.stringify(body);
  const path = '/v1/chat/completions';
  const headers = {
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${upstream.port}/v1`,
  };
  const sides = [
    {
      name: 'ours',
      start: async () => {
        const target = await startGateway(upstream.port);
        return { target, request: buildPost(path, target.key, text) };
      },
    },
    {
      name: 'theirs',
      start: async () => ({ target: await startPeer(folder), request: buildPost(path, 'sk-upstream', text, headers) }),
    },
  ];
  const direct = {
    name: 'direct',
    start: async () => ({
      target: await startUpstream({ frames, 'frame-interval-ms': FRAME_INTERVAL_MS }),
      request: buildPost(path, 'sk-nobody', text),
    }),
  };
  const rounds = await measureSides(frames === 0 ? sides : [...sides, direct], connections, pace, log);
  await upstream.stop();
  return { ours: rounds.ours ?? [], theirs: rounds.theirs ?? [], direct: rounds.direct ?? [] };
}
