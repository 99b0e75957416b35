// What a governed call costs over a bare proxy: one scenario each for small bodies, long prompts and streams.

import { buildChatCall, LONG, SMALL, startGatewaySide } from '../chat-call.mjs';
import { FULL_PACE, measureSides, QUICK_PACE } from '../compare.mjs';
import { reportSides } from '../side-report.mjs';
import { startBaseline, startUpstream } from '../targets.mjs';

/** @typedef {import('../run.mjs').Scenario} Scenario */

const TARGET_RATIO = 1.5;

const FRAMES = 64;
const FRAME_INTERVAL_MS = 5;
/**
 * A process answers two hundred streams a second, and V8 has compiled what it runs after some thousands. Streams that begin
 * together end together, a third of a second later: a window would count two or three such waves, by chance.
 */
const STREAM_PACE = {
  ...FULL_PACE,
  rounds: 10,
  warmUpMs: 20_000,
  windowMs: 2_000,
  spreadMs: FRAMES * FRAME_INTERVAL_MS,
};

/** @type {Scenario} */
export const small = {
  name: 'small',
  aliases: [],
  title: 'CPU per call, small bodies',
  run: (context) =>
    compare(context, {
      what: '32 connections, non-streaming, a body of about 120 bytes.',
      body: SMALL,
      connections: 32,
      frames: 0,
    }),
};

/** @type {Scenario} */
export const large = {
  name: 'large',
  aliases: ['S10'],
  title: 'CPU per call, prompts of 107 kB',
  run: (context) =>
    compare(context, {
      what: '32 connections, non-streaming, a prompt of 107 kB, read in full for its token estimate.',
      body: LONG,
      connections: 32,
      frames: 0,
    }),
};

/** @type {Scenario} */
export const stream = {
  name: 'stream',
  aliases: [],
  title: 'CPU per stream of 64 frames',
  run: (context) =>
    compare(context, {
      what:
        `64 connections, streams of ${FRAMES} frames, one frame every ${FRAME_INTERVAL_MS} ms, as many streams at each ` +
        `frame as at any other; a warm-up of ${STREAM_PACE.warmUpMs / 1_000} s, windows of ${STREAM_PACE.windowMs / 1_000} s. ` +
        'The client does not ask for usage, so the gateway ' +
        'asks the upstream for it, reads it and keeps it from the client.',
      body: { ...SMALL, stream: true },
      connections: 64,
      frames: FRAMES,
    }),
};

/**
 * @param {import('../run.mjs').Context} context
 * @param {{ what: string, body: object, connections: number, frames: number }} load
 * @returns {Promise<import('../run.mjs').Result>}
 */
async function compare({ quick, log }, { what, body, connections, frames }) {
  const upstream = await startUpstream(frames === 0 ? {} : { frames, 'frame-interval-ms': FRAME_INTERVAL_MS });
  const bare = (/** @type {'dispatch' | 'request'} */ client) => async () => {
    const target = await startBaseline(upstream.port, client);
    return { target, request: buildChatCall('sk-nobody', body) };
  };
  const governed = () => startGatewaySide(upstream.port, {}, body);
  const sides = [
    { name: 'bare proxy', start: bare('dispatch') },
    { name: 'proxy as in the manuals', start: bare('request') },
    { name: 'governed', start: governed },
    { name: 'governed again', start: governed },
  ];
  const fullPace = frames === 0 ? FULL_PACE : STREAM_PACE;
  const rounds = await measureSides(sides, connections, quick ? QUICK_PACE : fullPace, log);
  await upstream.stop();

  return reportSides({
    what,
    rounds,
    ours: 'governed',
    theirs: 'bare proxy',
    beside: 'proxy as in the manuals',
    again: 'governed again',
    limit: TARGET_RATIO,
    target: `at most ${TARGET_RATIO} × the bare proxy's CPU per call`,
    streams: frames > 0,
  });
}
