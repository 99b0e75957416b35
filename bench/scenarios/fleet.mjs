// A large fleet: what an administrator's pages cost with a million keys and ten million calls behind them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import {
  endUserId,
  FULL_FLEET,
  fillFleet,
  keyHash,
  keyId,
  organizationId,
  requestId,
  responseId,
  teamId,
  userId,
} from '../fill-fleet.mjs';
import { startFleetDatabase } from '../fleet-database.mjs';
import { table } from '../format.mjs';
import { quantile } from '../statistics.mjs';
import { startGateway } from '../targets.mjs';

const TARGET_MS = 200;
const SAMPLES = 40;
const QUICK_FLEET = { ...FULL_FLEET, keys: 20_000, teams: 500, users: 2_000, spendRows: 100_000, endUsers: 1_000 };

/** @type {import('../run.mjs').Scenario} */
export const fleet = {
  name: 'fleet',
  aliases: [],
  title: 'Pages of a large fleet',
  async run({ quick, log }) {
    const size = quick ? QUICK_FLEET : FULL_FLEET;
    /** @type {Map<string, Record<string, number>>} */
    const rows = new Map();
    for (const dialect of /** @type {const} */ (['sqlite', 'postgres'])) {
      log(`  ${dialect}`);
      for (const [page, p95Ms] of await measure(dialect, size, log)) {
        rows.set(page, { ...rows.get(page), [dialect]: p95Ms });
      }
    }
    const figures = [...rows.values()].flatMap((row) => Object.values(row));
    const worst = Math.max(...figures);
    const slow = figures.filter((ms) => ms > TARGET_MS).length;
    return {
      verdict: worst <= TARGET_MS ? 'met' : 'lost',
      target: `the 95th percentile of every page under ${TARGET_MS} ms, on SQLite and on PostgreSQL`,
      outcome: `${worst.toFixed(0)} ms at worst; ${slow} of ${figures.length} pages above`,
      figures: { worstMs: worst, slowPages: slow },
      markdown: [
        `${size.keys.toLocaleString('en')} keys, ${size.teams.toLocaleString('en')} teams, ${size.users.toLocaleString('en')} users, ` +
          `${size.spendRows.toLocaleString('en')} calls. ${SAMPLES} requests a page, one at a time, each for another key, team, user or day.`,
        table(
          ['page', 'SQLite p95', 'PostgreSQL p95'],
          [...rows].map(([page, { sqlite = 0, postgres = 0 }]) => [
            page,
            `${sqlite.toFixed(1)} ms`,
            `${postgres.toFixed(1)} ms`,
          ]),
        ),
      ],
    };
  },
};

/**
 * @param {'sqlite' | 'postgres'} dialect
 * @param {import('../fill-fleet.mjs').FleetSize} size
 * @param {(line: string) => void} log
 * @returns {Promise<[string, number][]>}
 */
async function measure(dialect, size, log) {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-bench-fleet-'));
  const database = await startFleetDatabase(dialect);
  const databaseUrl = database.url;
  try {
    const nowMs = Date.now();
    await seed(dataDir, databaseUrl);
    const connection = await database.connect(dataDir);
    await fillFleet(connection, dialect, size, nowMs, log);
    await connection.close();
    const gateway = await startGateway(1, { dataDir, key: null, databaseUrl });
    /** @type {[string, number][]} */
    const measured = [];
    for (const [page, urlOf] of listPages(size, nowMs)) {
      const tookMs = [];
      for (let sample = 0; sample < SAMPLES; sample += 1) {
        const startedMs = performance.now();
        await gateway.admin(urlOf(1 + Math.floor(Math.random() * size.keys)));
        tookMs.push(performance.now() - startedMs);
      }
      measured.push([page, quantile(tookMs, 0.95)]);
      log(`  ${page}: p95 ${quantile(tookMs, 0.95).toFixed(1)} ms, worst ${Math.max(...tookMs).toFixed(1)} ms`);
    }
    await gateway.stop();
    return measured;
  } finally {
    await database.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/**
 * One of each, made by the gateway itself: the pattern of all others.
 *
 * @param {string} dataDir
 * @param {string | null} databaseUrl
 */
async function seed(dataDir, databaseUrl) {
  const gateway = await startGateway(1, { dataDir, key: null, databaseUrl, mock: true });
  await gateway.admin('/organization/new', { organization_id: 'pattern', organization_alias: 'Pattern' });
  await gateway.admin('/team/new', { team_id: 'pattern', team_alias: 'Pattern', organization_id: 'pattern' });
  await gateway.admin('/user/new', { user_id: 'pattern', user_role: 'internal_user', auto_create_key: false });
  await gateway.admin('/team/member_add', { team_id: 'pattern', member: { role: 'user', user_id: 'pattern' } });
  const { key } = await gateway.admin('/key/generate', {
    key_alias: 'pattern',
    user_id: 'pattern',
    team_id: 'pattern',
    max_budget: 1,
    tags: ['pattern'],
  });
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'bench', user: 'pattern', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  if (!answer.ok) throw new Error(`the pattern call failed: ${await answer.text()}`);
  await answer.arrayBuffer();
  await gateway.stop();
}

/**
 * Every page that the target names, by what it shows; the number picks what is asked for.
 *
 * @param {import('../fill-fleet.mjs').FleetSize} size
 * @param {number} nowMs
 * @returns {[string, (index: number) => string][]}
 */
function listPages(size, nowMs) {
  const sorts = ['spend', 'max_budget', 'created_at', 'updated_at', 'token', 'key_alias'];
  const day = (/** @type {number} */ index) =>
    new Date(nowMs - (index % size.days) * 86_400_000).toISOString().slice(0, 10);
  const ofTeam = (/** @type {number} */ i) => teamId(1 + (i % size.teams));
  const ofUser = (/** @type {number} */ i) => userId(1 + (i % size.users));
  const range = (/** @type {number} */ i) => `start_date=${day(i)}%2000:00:00&end_date=${day(i)}%2023:59:59`;
  const month = `start_date=${day(29)}%2000:00:00&end_date=${day(0)}%2023:59:59`;
  return [
    ...sorts.flatMap((sort) =>
      ['asc', 'desc'].map(
        (order) =>
          /** @type {[string, () => string]} */ ([
            `/key/list by ${sort} ${order}`,
            () => `/key/list?size=100&return_full_object=true&sort_by=${sort}&sort_order=${order}`,
          ]),
      ),
    ),
    ['/key/list of a user', (i) => `/key/list?user_id=${ofUser(i)}&return_full_object=true`],
    ['/key/list of a team by spend', (i) => `/key/list?team_id=${ofTeam(i)}&sort_by=spend&return_full_object=true`],
    ['/key/list active', () => '/key/list?status=active&size=100'],
    ['/key/list blocked', () => '/key/list?status=blocked&size=100'],
    ['/key/list expired', () => '/key/list?status=expired&size=100'],
    ['/key/list with a tag', (i) => `/key/list?tag=tag-${i % 100}&size=100`],
    ['/key/list search of a rare text', (i) => `/key/list?search=${encodeURIComponent(`fleet ${i}`)}&size=100`],
    ['/key/list search of a frequent text', (i) => `/key/list?search=fleet&size=100&page=${1 + (i % 5)}`],
    ['/key/list blocked of a team by spend', (i) => `/key/list?status=blocked&team_id=${ofTeam(i)}&sort_by=spend`],
    ['/key/info by hash', (i) => `/key/info?key=${keyHash(i)}`],
    ['/key/info by key_id', (i) => `/key/info?key=${keyId(i)}`],
    ['/user/info', (i) => `/user/info?user_id=${ofUser(i)}`],
    ['/user/list', (i) => `/user/list?page=${1 + (i % 20)}&page_size=100`],
    ['/team/info', (i) => `/team/info?team_id=${ofTeam(i)}`],
    ['/v2/team/list', (i) => `/v2/team/list?page=${1 + (i % 20)}&page_size=100`],
    [
      '/v2/team/list of an organisation',
      (i) => `/v2/team/list?organization_id=${organizationId(1 + (i % size.organizations))}`,
    ],
    ['/spend/logs/v2, a day', (i) => `/spend/logs/v2?${range(i)}`],
    ['/spend/logs/v2, a month', () => `/spend/logs/v2?${month}`],
    ['/spend/logs/v2 of a key', (i) => `/spend/logs/v2?${month}&api_key=${keyHash(i)}`],
    ['/spend/logs/v2 of a user', (i) => `/spend/logs/v2?${month}&user_id=${ofUser(i)}`],
    ['/spend/logs/v2 of a team', (i) => `/spend/logs/v2?${month}&team_id=${ofTeam(i)}`],
    ['/spend/logs/v2 of an end user', (i) => `/spend/logs/v2?${month}&end_user=${endUserId((i * 2) % size.endUsers)}`],
    ['/spend/logs by request id', (i) => `/spend/logs?request_id=${requestId(1 + (i % size.spendRows))}`],
    ['/spend/logs by response id', (i) => `/spend/logs?request_id=${responseId(1 + (i % size.spendRows))}`],
  ];
}
