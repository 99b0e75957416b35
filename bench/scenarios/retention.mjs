// Whether live calls notice that old ones are taken away: their latencies before, meanwhile and after, at a steady pace.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildChatCall } from '../chat-call.mjs';
import { startLoad } from '../closed-loop.mjs';
import { DAY_MS, fillExpiredDay } from '../fill-expired-day.mjs';
import { startFleetDatabase, yieldToLoad } from '../fleet-database.mjs';
import { table } from '../format.mjs';
import { seedFleet } from '../seed-fleet.mjs';
import { estimateMedian, median, quantile } from '../statistics.mjs';
import { BOTH_CORES, startGateway, startUpstream } from '../targets.mjs';

const LIMIT = 1.1;
/** About 500 calls a second. */
const CONNECTIONS = 16;
const PAUSE_MS = 30;
const RETENTION = { maximum_spend_logs_retention_period: '30d' };
/** Calls that have begun so long ago have expired. */
const AGE_DAYS = 40;

/** @typedef {{ p50: number[], p99: number[], worst: number, calls: number, failed: number, seconds: number }} Phase */

/** @type {import('../run.mjs').Scenario} */
export const retention = {
  name: 'retention',
  aliases: [],
  title: 'Live calls while old ones are taken away',
  async run({ quick, log }) {
    const rows = quick ? 20_000 : 300_000;
    const seconds = quick ? 5 : 40;
    const outcomes = [];
    for (const dialect of /** @type {const} */ (['sqlite', 'postgres'])) {
      log(`  ${dialect}`);
      outcomes.push({ dialect, ...(await measure(dialect, rows, seconds, log)) });
    }
    const ratios = outcomes.map(({ before, during, after }) => {
      const calm = [...before.p99, ...after.p99];
      return { ratio: median(during.p99) / median(calm), drift: median(after.p99) / median(before.p99) };
    });
    const failed = outcomes.some(({ before, during, after }) => before.failed + during.failed + after.failed > 0);
    const restless = ratios.some(({ drift }) => drift > LIMIT || drift < 1 / LIMIT);
    const worst = Math.max(...ratios.map(({ ratio }) => ratio));
    const verdict = restless ? 'void' : worst <= LIMIT && !failed ? 'met' : 'lost';
    return {
      verdict,
      target: `p99 at most ${LIMIT} × of before and after`,
      outcome: outcomes.map(({ dialect }, at) => `${NAMES[dialect]} ${ratios[at]?.ratio.toFixed(2)} ×`).join(', '),
      figures: Object.fromEntries(outcomes.map(({ dialect }, at) => [dialect, ratios[at]?.ratio ?? 0])),
      markdown: [
        `${rows.toLocaleString('en')} calls of a day that ended longer ago than the retention are taken away from under about ` +
          '500 calls a second, which go to an upstream that answers at once. p50 and p99 are medians over the seconds of a ' +
          'phase, with their 95 % interval. The gateway may use both cores; the load and the upstream have one of them, and ' +
          'PostgreSQL what they leave of it.',
        table(
          ['', 'phase', 'seconds', 'calls/s', 'p50', 'p99', 'slowest', 'failed'],
          outcomes.flatMap(({ dialect, before, during, after }) => [
            describe(NAMES[dialect], 'before', before),
            describe('', 'meanwhile', during),
            describe('', 'after', after),
          ]),
        ),
      ],
    };
  },
};

const NAMES = { sqlite: 'SQLite', postgres: 'PostgreSQL' };

/**
 * @param {'sqlite' | 'postgres'} dialect
 * @param {number} rows
 * @param {number} seconds Of the phases before and after.
 * @param {(line: string) => void} log
 */
async function measure(dialect, rows, seconds, log) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-retention-'));
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  chmodSync(folder, 0o711);
  const database = await startFleetDatabase(dialect);
  const upstream = await startUpstream();
  const dayMs = Math.floor(Date.now() / DAY_MS - AGE_DAYS) * DAY_MS;
  try {
    await seedFleet(dataDir, database.url);
    const connection = await database.connect(dataDir);
    await fillExpiredDay(connection, dialect, dayMs, rows);
    if (dialect === 'postgres') await yieldToLoad(connection);
    const gateway = await startGateway(upstream.port, { dataDir, databaseUrl: database.url, core: BOTH_CORES });
    const request = buildChatCall(gateway.key);
    const load = startLoad({ port: gateway.port, connections: CONNECTIONS, next: () => request, pauseMs: PAUSE_MS });
    await sleep(5_000);
    const lasts = async (/** @type {number} */ elapsed) => elapsed < seconds;
    const before = await watch(load, lasts);
    gateway.reconfigure(RETENTION);
    const during = await watch(load, async () => {
      const [{ left } = { left: 0 }] = await connection.all(
        `select count(*) as left from (select 1 from spend_logs where started_at_ms < ${dayMs + DAY_MS} limit 1) as one`,
      );
      return Number(left) > 0;
    });
    const after = await watch(load, lasts);
    await load.stop();
    await gateway.stop();
    await connection.close();
    log(`  ${rows} calls gone in ${during.seconds.toFixed(0)} s`);
    return { before, during, after };
  } finally {
    await upstream.stop();
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A second at a time.
 *
 * @param {import('../closed-loop.mjs').Load} load
 * @param {(elapsedSeconds: number) => Promise<boolean>} goesOn
 * @returns {Promise<Phase>}
 */
async function watch(load, goesOn) {
  const startedMs = performance.now();
  const elapsed = () => (performance.now() - startedMs) / 1_000;
  /** @type {Phase} */
  const phase = { p50: [], p99: [], worst: 0, calls: 0, failed: 0, seconds: 0 };
  load.take();
  do {
    await sleep(1_000);
    const { latenciesMs, completed, failed, broken } = load.take();
    phase.p50.push(quantile(latenciesMs, 0.5));
    phase.p99.push(quantile(latenciesMs, 0.99));
    phase.worst = Math.max(phase.worst, ...latenciesMs);
    phase.calls += completed;
    phase.failed += failed + broken;
  } while (await goesOn(elapsed()));
  return { ...phase, seconds: elapsed() };
}

/**
 * @param {string} name
 * @param {string} phase
 * @param {Phase} measured
 */
function describe(name, phase, { p50, p99, worst, calls, failed, seconds }) {
  const estimate = (/** @type {number[]} */ values) => {
    const { value, low, high } = estimateMedian(values, 1_000);
    return `${value.toFixed(2)} ms (${low.toFixed(2)}–${high.toFixed(2)})`;
  };
  return [
    name,
    phase,
    seconds.toFixed(0),
    (calls / seconds).toFixed(0),
    estimate(p50),
    estimate(p99),
    `${worst.toFixed(1)} ms`,
    String(failed),
  ];
}
