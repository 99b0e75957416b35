// How much memory a gateway takes that has been busy for a while.

import { setTimeout as sleep } from 'node:timers/promises';
import { buildPost, startLoad } from '../closed-loop.mjs';
import { readRssBytes } from '../cpu-time.mjs';
import { megabytes, table } from '../format.mjs';
import { startGateway, startUpstream } from '../targets.mjs';

const TARGET_BYTES = 200 * 1_048_576;
const TARGET_MINUTES = 10;
const CONNECTIONS = 32;
const PAUSE_MS = 40;

/** @type {import('../run.mjs').Scenario} */
export const memory = {
  name: 'memory',
  aliases: [],
  title: 'Memory under steady load',
  async run({ quick, minutes, log }) {
    const upstream = await startUpstream({ frames: 32, 'frame-interval-ms': 5 });
    const gateway = await startGateway(upstream.port);
    /** @param {object} fields */
    const request = (fields) =>
      buildPost('/v1/chat/completions', gateway.key, JSON.stringify({ model: 'bench', max_tokens: 100, ...fields }));
    const small = request({ messages: [{ role: 'user', content: 'How is the world today?' }] });
    const long = request({ messages: [{ role: 'user', content: 'How is the world today? '.repeat(4_460) }] });
    const stream = request({ stream: true, messages: [{ role: 'user', content: 'How is the world today?' }] });
    let sent = 0;
    const load = startLoad({
      port: gateway.port,
      connections: CONNECTIONS,
      pauseMs: PAUSE_MS,
      next: () => {
        sent += 1;
        if (sent % 10 === 0) return stream;
        return sent % 10 === 5 ? long : small;
      },
    });
    const idle = readRssBytes(gateway.pid);
    const steps = quick ? 5 : Math.max(1, Math.round(minutes * 2));
    const stepMs = quick ? 2_000 : (minutes * 60_000) / steps;
    /** @type {{ minute: number, bytes: number, calls: number }[]} */
    const samples = [];
    for (let step = 1; step <= steps; step += 1) {
      await sleep(stepMs);
      const { completed, failed } = load.take();
      if (failed > 0) throw new Error(`${failed} calls failed`);
      const sample = { minute: (step * stepMs) / 60_000, bytes: readRssBytes(gateway.pid), calls: completed };
      samples.push(sample);
      log(`  ${sample.minute.toFixed(1)} min: ${megabytes(sample.bytes)}`);
    }
    await load.stop();
    await gateway.stop();
    await upstream.stop();

    const last = /** @type {{ minute: number, bytes: number }} */ (samples.at(-1));
    const highest = Math.max(...samples.map(({ bytes }) => bytes));
    const calls = samples.reduce((sum, sample) => sum + sample.calls, 0);
    const longEnough = last.minute >= TARGET_MINUTES;
    return {
      verdict: highest >= TARGET_BYTES ? 'lost' : longEnough ? 'met' : 'none',
      target: `under ${megabytes(TARGET_BYTES)} after ${TARGET_MINUTES} minutes`,
      outcome: `${megabytes(last.bytes)} after ${last.minute.toFixed(1)} minutes, ${megabytes(highest)} at most`,
      figures: { bytes: last.bytes, highestBytes: highest, minutes: last.minute, calls },
      markdown: [
        `${CONNECTIONS} connections with a pause of ${PAUSE_MS} ms between calls: 80 % small bodies, 10 % prompts of 107 kB, 10 % ` +
          `streams of 32 frames. ${calls} calls in ${last.minute.toFixed(1)} minutes. Node's own settings for memory.`,
        table(
          ['minute', 'RSS', 'calls so far'],
          [
            ['0', megabytes(idle), '0'],
            ...thin(samples).map(({ minute, bytes, calls }) => [minute.toFixed(1), megabytes(bytes), String(calls)]),
          ],
        ),
      ],
    };
  },
};

/**
 * At most ten lines, the calls summed up.
 *
 * @param {readonly { minute: number, bytes: number, calls: number }[]} samples
 */
function thin(samples) {
  const every = Math.ceil(samples.length / 10);
  let calls = 0;
  return samples
    .map((sample) => {
      calls += sample.calls;
      return { ...sample, calls };
    })
    .filter((_, index) => (index + 1) % every === 0 || index === samples.length - 1);
}
