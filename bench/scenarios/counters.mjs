// What it costs that limits are shared by several processes: counted in PostgreSQL or Redis, asking for every call or
// serving from slices, beside counting in memory alone.

import { setTimeout as sleep } from 'node:timers/promises';
import { buildChatCall, startGatewaySide } from '../chat-call.mjs';
import { startLoad } from '../closed-loop.mjs';
import { FULL_PACE, measureSides, QUICK_PACE } from '../compare.mjs';
import { startFleetDatabase } from '../fleet-database.mjs';
import { table } from '../format.mjs';
import { reportSides } from '../side-report.mjs';
import { startGateway, startUpstream } from '../targets.mjs';
import { startRedis } from '../test-servers.mjs';

/** @typedef {import('../fleet-database.mjs').FleetDatabase} FleetDatabase */

const LIMIT = 1.15;
const MOST_WRITES_PER_CALL = 1 / 20;

const MEMORY = 'memory';
const SLICES = 'PostgreSQL, slices';
const AGAIN = 'the same again';
const EXACT = 'PostgreSQL, every call asks';
const REDIS_SLICES = 'Redis, slices';
const REDIS_EXACT = 'Redis, every call asks';
/** @type {Record<string, Record<string, unknown>>} */
const SETTINGS = {
  [MEMORY]: { counters: 'memory' },
  [SLICES]: { counters: 'postgres' },
  [AGAIN]: { counters: 'postgres' },
  [EXACT]: { counters: 'postgres', counter_slices: false },
  [REDIS_SLICES]: { counters: 'redis' },
  [REDIS_EXACT]: { counters: 'redis', counter_slices: false },
};

/** @type {import('../run.mjs').Scenario} */
export const counters = {
  name: 'counters',
  aliases: [],
  title: 'CPU per call with limits that processes share',
  async run({ quick, log }) {
    const upstream = await startUpstream({});
    const database = await startFleetDatabase('postgres');
    const redis = await startRedis();
    try {
      const sides = Object.entries(SETTINGS).map(([name, general]) => ({
        name,
        start: () => {
          const redisUrl = general.counters === 'redis' ? redis.url : null;
          return startGatewaySide(upstream.port, { general, databaseUrl: database.url, redisUrl });
        },
      }));
      const rounds = await measureSides(sides, 32, quick ? QUICK_PACE : FULL_PACE, log);
      const writes = [];
      for (const name of [SLICES, EXACT]) {
        writes.push({ name, ...(await countWrites(SETTINGS[name] ?? {}, upstream.port, database, quick ? 3 : 20)) });
      }
      const report = reportSides({
        what:
          '32 connections, non-streaming, a body of about 120 bytes; a budget, rpm and tpm on the key, and the ledger in ' +
          'PostgreSQL on every side. CPU is the gateway’s; databases have the core of the load.',
        rounds,
        ours: SLICES,
        theirs: MEMORY,
        again: AGAIN,
        limit: LIMIT,
        target: `with slices at most ${LIMIT} × the CPU per call of counters in memory, and a write for 20 calls`,
      });
      const [sliced] = writes;
      const tooMany = sliced === undefined || sliced.statements / sliced.calls > MOST_WRITES_PER_CALL;
      return {
        ...report,
        verdict: report.verdict === 'met' && tooMany ? 'lost' : report.verdict,
        figures: { ...report.figures, callsPerWrite: sliced === undefined ? 0 : sliced.calls / sliced.statements },
        markdown: [
          ...report.markdown,
          'Statements that write counters, at about 500 calls a second by one process:',
          table(
            ['', 'calls/s', 'statements/s', 'calls per statement'],
            writes.map(({ name, calls, statements, seconds }) => [
              name,
              (calls / seconds).toFixed(0),
              (statements / seconds).toFixed(1),
              (calls / statements).toFixed(1),
            ]),
          ),
        ],
      };
    } finally {
      await upstream.stop();
      await database.stop();
      await redis.stop();
    }
  },
};

/**
 * Calls at a steady rate, and how often the database was told of them.
 *
 * @param {Record<string, unknown>} general
 * @param {number} upstreamPort
 * @param {FleetDatabase} database
 * @param {number} seconds
 */
async function countWrites(general, upstreamPort, database, seconds) {
  const connection = await database.connect('');
  try {
    await connection.run('alter system set track_functions = pl');
    await connection.run('select pg_reload_conf()');
    const count = async () => {
      await connection.run('select pg_stat_clear_snapshot()');
      const [row] = await connection.all(
        "select coalesce(sum(calls), 0)::int as calls from pg_stat_user_functions where funcname like 'counters_apply%'",
      );
      return Number(row?.calls ?? 0);
    };
    const target = await startGateway(upstreamPort, { general, databaseUrl: database.url });
    const request = buildChatCall(target.key);
    const load = startLoad({ port: target.port, connections: 32, next: () => request, pauseMs: 60 });
    await sleep(1_500);
    load.take();
    const before = await count();
    await sleep(seconds * 1_000);
    const { completed } = load.take();
    // Sessions report what they have called once a second, and when they end.
    await load.stop();
    await target.stop();
    await sleep(1_000);
    const statements = (await count()) - before;
    return { calls: completed, statements: Math.max(1, statements), seconds };
  } finally {
    await connection.close();
  }
}
