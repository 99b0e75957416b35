// Keys that are not in memory: what a first call costs when there are a million of them in SQLite.

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { buildGet, startLoad } from '../closed-loop.mjs';
import { readCpuNs } from '../cpu-time.mjs';
import { fillKeys, secretOf } from '../fill-keys.mjs';
import { megabytes, significant, table } from '../format.mjs';
import { quantile } from '../statistics.mjs';
import { startGateway } from '../targets.mjs';

const TARGET_RATIO = 1.3;
const CONNECTIONS = 32;

/** @type {import('../run.mjs').Scenario} */
export const keyLookup = {
  name: 'lookup',
  aliases: [],
  title: 'Key look-up with a million keys in SQLite',
  async run({ quick, log }) {
    const few = quick ? 2_000 : 20_000;
    const many = quick ? 20_000 : 1_000_000;
    const small = await measure(few, few, log);
    const large = await measure(many, few, log);
    const ratio = large.cpuUs / small.cpuUs;
    return {
      verdict: ratio <= TARGET_RATIO ? 'met' : 'lost',
      target: `a cold look-up takes at most ${TARGET_RATIO} times the CPU that it takes among ${few} keys`,
      outcome: `${significant(ratio)} times; ${large.perSecond.toFixed(0)} cold look-ups/s`,
      figures: { ratio, coldPerSecond: large.perSecond, coldP99Ms: large.p99Ms, warmUs: large.warmUs },
      markdown: [
        `\`GET /v1/models\` over ${CONNECTIONS} connections: ${few / 2} keys, picked at random, each called once (cold: read from the database) ` +
          'and once more (warm: from memory). The cost of the request itself is in both.',
        table(
          ['keys', 'database', 'cold/s', 'cold p50', 'cold p99', 'cold CPU', 'warm CPU'],
          [small, large].map((side) => [
            String(side.keys),
            megabytes(side.bytes),
            side.perSecond.toFixed(0),
            `${side.p50Ms.toFixed(2)} ms`,
            `${side.p99Ms.toFixed(2)} ms`,
            `${significant(side.cpuUs)} µs`,
            `${significant(side.warmUs)} µs`,
          ]),
        ),
      ],
    };
  },
};

/**
 * @param {number} keys How many there are.
 * @param {number} called How many of them are called.
 * @param {(line: string) => void} log
 */
async function measure(keys, called, log) {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-bench-data-'));
  try {
    const empty = await startGateway(1, { dataDir });
    await empty.stop();
    const startedMs = performance.now();
    fillKeys(dataDir, keys);
    log(`  ${keys} keys written in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
    const gateway = await startGateway(1, { dataDir, key: null });
    const order = pick(keys, called);
    // A process that has just started runs slow code: it gets half of the keys to warm up on.
    await callEach(gateway, order.slice(0, called / 2));
    const measured = order.slice(called / 2);
    const cold = await callEach(gateway, measured);
    const warm = await callEach(gateway, measured);
    await gateway.stop();
    return { keys, bytes: statSync(join(dataDir, 'latchkey.sqlite')).size, ...cold, warmUs: warm.cpuUs };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/**
 * Different numbers below `limit`, in random order.
 *
 * @param {number} limit
 * @param {number} count
 */
function pick(limit, count) {
  /** @type {Set<number>} */
  const picked = new Set();
  while (picked.size < count) picked.add(Math.floor(Math.random() * limit));
  return [...picked];
}

/**
 * @param {import('../targets.mjs').Gateway} gateway
 * @param {readonly number[]} indexes
 */
async function callEach(gateway, indexes) {
  let at = 0;
  const cpuNs = readCpuNs(gateway.pid);
  const startedMs = performance.now();
  const load = startLoad({
    port: gateway.port,
    connections: CONNECTIONS,
    next: () => {
      const index = indexes[at];
      at += 1;
      return index === undefined ? null : buildGet('/v1/models', secretOf(index));
    },
  });
  await load.done;
  const { completed, failed, latenciesMs } = load.take();
  if (failed > 0 || completed !== indexes.length) throw new Error(`${failed} of ${completed} look-ups failed`);
  return {
    perSecond: completed / ((performance.now() - startedMs) / 1_000),
    cpuUs: (readCpuNs(gateway.pid) - cpuNs) / 1_000 / completed,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  };
}
