// Callers without a key, and how soon a revoked key is one.

import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildPost, startLoad } from '../closed-loop.mjs';
import { readCpuNs } from '../cpu-time.mjs';
import { significant, table } from '../format.mjs';
import { startGateway, startUpstream } from '../targets.mjs';

const BODY = JSON.stringify({
  model: 'bench',
  max_tokens: 8,
  messages: [{ role: 'user', content: 'How is the world?' }],
});
const TARGET_MS = 1_000;
const TARGET_RATIO = 2;

/** @type {import('../run.mjs').Scenario} */
export const invalidKeys = {
  name: 'invalid',
  aliases: ['S9'],
  title: 'Invalid keys, and revocation under load',
  async run({ quick }) {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.port);
    const valid = buildPost('/v1/chat/completions', gateway.key, BODY);
    let made = 0;
    const unknown = () => {
      made += 1;
      const secret = `sk-${createHash('sha256').update(String(made)).digest('base64url').slice(0, 22)}`;
      return buildPost('/v1/chat/completions', secret, BODY);
    };
    const once = unknown();
    const malformed = buildPost('/v1/chat/completions', 'pk-not-one-of-ours', BODY);
    let turn = 0;
    /** @type {[string, () => Buffer][]} */
    const kinds = [
      ['valid', () => valid],
      ['malformed', () => malformed],
      ['unknown, the same one again', () => once],
      ['unknown, each another one', unknown],
      [
        'nine of ten unknown, each another one',
        () => {
          turn += 1;
          return turn % 10 === 0 ? valid : unknown();
        },
      ],
    ];
    /** @type {string[][]} */
    const rows = [];
    /** @type {number[]} */
    const perSecond = [];
    for (const [name, next] of kinds) {
      const load = startLoad({ port: gateway.port, connections: 32, next });
      await sleep(quick ? 500 : 2_000);
      load.take();
      const cpuNs = readCpuNs(gateway.pid);
      const startedMs = performance.now();
      await sleep(quick ? 1_000 : 5_000);
      const { completed } = load.take();
      const rate = completed / ((performance.now() - startedMs) / 1_000);
      const cpuUs = (readCpuNs(gateway.pid) - cpuNs) / 1_000 / completed;
      await load.stop();
      perSecond.push(rate);
      rows.push([name, rate.toFixed(0), `${significant(cpuUs)} µs`]);
    }

    const blocks = quick ? 3 : 20;
    const lastMs = await measureRevocation(gateway, blocks);
    await gateway.stop();
    await upstream.stop();
    const ratio = /** @type {number} */ (perSecond[2]) / /** @type {number} */ (perSecond[0]);
    return {
      verdict: ratio >= TARGET_RATIO && lastMs <= TARGET_MS ? 'met' : 'lost',
      target: `refusals at ${TARGET_RATIO} times the rate of calls; the last accepted call within ${TARGET_MS} ms of a block`,
      outcome: `${significant(ratio)} times; ${significant(lastMs)} ms`,
      figures: { ratio, lastMs },
      markdown: [
        '32 connections. An unknown key is looked up in the database once and then remembered for a while.',
        table(['key', 'answers/s', 'CPU per answer'], rows),
        `While 16 connections call, their key is blocked (${blocks} times): no call sent after \`/key/block\` had answered was accepted, and ` +
          `the last accepted one was answered ${significant(lastMs)} ms after the block had been asked for, at worst.`,
      ],
    };
  },
};

/**
 * Blocks keys under load; milliseconds from asking for the block to the last accepted answer, at worst. Throws when a
 * call that began after the block had answered is accepted.
 *
 * @param {import('../targets.mjs').Gateway} gateway
 * @param {number} times
 */
async function measureRevocation(gateway, times) {
  let worstMs = 0;
  for (let time = 0; time < times; time += 1) {
    const { key } = await gateway.admin('/key/generate', {});
    const request = buildPost('/v1/chat/completions', key, BODY);
    const load = startLoad({ port: gateway.port, connections: 16, next: () => request });
    await sleep(200);
    const askedMs = performance.now();
    await gateway.admin('/key/block', { key });
    const answeredMs = performance.now();
    await sleep(100);
    const { lastOkMs, lastOkSentMs } = load.take();
    await load.stop();
    if (lastOkSentMs > answeredMs) throw new Error('a blocked key was served');
    worstMs = Math.max(worstMs, lastOkMs - askedMs);
  }
  return worstMs;
}
