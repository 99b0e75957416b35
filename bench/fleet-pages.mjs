// The pages of a large fleet that people look at: which there are, and how long each takes.

import { performance } from 'node:perf_hooks';
import { endUserId, keyHash, keyId, organizationId, requestId, responseId, teamId, userId } from './fill-fleet.mjs';
import { drawCombinations } from './fleet-combinations.mjs';
import { SHARED_BUFFERS } from './fleet-database.mjs';
import { table } from './format.mjs';
import { quantile } from './statistics.mjs';

/** @typedef {'admin' | 'teamAdmin' | 'organizationAdmin'} Asker */
/** @typedef {{ title: string, group: string, url: (index: number) => string, asker: Asker, once?: true }} Page `once`: there are others of its group. */
/** @typedef {Map<string, { p95Ms: number, worstMs: number }>} Measured By group of pages. */

const TARGET_MS = 200;
const DAY_MS = 86_400_000;
/** Any number; the same one draws the same lists, so that figures of two versions can be compared. */
const SEED = 20;
const COMBINATIONS = 400;
const SORTS = ['created_at', 'updated_at', 'spend', 'max_budget', 'expires', 'last_active', 'key_alias', 'token'];

/**
 * Asks for every page so many times, one at a time, each time for another key, team, user or day.
 *
 * @param {{ port: number, masterKey: string, callers: Record<Exclude<Asker, 'admin'>, string> }} gateway
 * @param {import('./fill-fleet.mjs').FleetSize} size
 * @param {number} nowMs
 * @param {number} samples
 * @param {(line: string) => void} log
 * @returns {Promise<Measured>}
 */
export async function measureFleet(gateway, size, nowMs, samples, log) {
  /** @type {Map<string, number[]>} */
  const tookMs = new Map();
  for (const page of listPages(size, nowMs)) {
    const took = await measurePage(gateway, page, page.once ? 1 : samples, size.keys);
    tookMs.set(page.group, [...(tookMs.get(page.group) ?? []), ...took]);
    if (Math.max(...took) > TARGET_MS) log(`  ${page.title}: ${Math.max(...took).toFixed(0)} ms at worst`);
  }
  return new Map(
    [...tookMs].map(([group, took]) => [group, { p95Ms: quantile(took, 0.95), worstMs: Math.max(...took) }]),
  );
}

/**
 * @param {import('./fill-fleet.mjs').FleetSize} size
 * @param {{ sqlite: Measured, postgres: Measured }} measured
 * @returns {import('./run.mjs').Result}
 */
export function summarizeFleet(size, { sqlite, postgres }) {
  const figures = [...sqlite.values(), ...postgres.values()].map(({ p95Ms }) => p95Ms);
  const worst = Math.max(...figures);
  const slow = figures.filter((ms) => ms > TARGET_MS).length;
  const count = (/** @type {number} */ number) => number.toLocaleString('en');
  const show = (/** @type {{ p95Ms: number, worstMs: number } | undefined} */ figure) =>
    figure === undefined ? '' : `${figure.p95Ms.toFixed(0)} (${figure.worstMs.toFixed(0)}) ms`;
  return {
    verdict: slow === 0 ? 'met' : 'lost',
    target: `the 95th percentile of every page under ${TARGET_MS} ms, on SQLite and on PostgreSQL`,
    outcome: `${worst.toFixed(0)} ms at worst; ${slow} of ${figures.length} pages above`,
    figures: { worstMs: worst, slowPages: slow },
    markdown: [
      `${count(size.keys)} keys, ${count(size.teams)} teams, ${count(size.users)} users, ${count(size.spendRows)} calls, ` +
        `${count(size.auditRows)} audit rows. One request at a time, each for another key, team, user or day. Lists of keys ` +
        `are 100 rows and asked for in each of ${SORTS.length} orders, both ways (${SORTS.join(', ')}). Besides, ${COMBINATIONS} ` +
        'lists whose filters (up to three), order and page are drawn at random, each asked for once. 95th percentile, and in ' +
        `brackets the slowest request. PostgreSQL has \`shared_buffers = ${SHARED_BUFFERS}\`, and else its own settings.`,
      table(
        ['page', 'SQLite', 'PostgreSQL'],
        [...sqlite].map(([group, figure]) => [group, show(figure), show(postgres.get(group))]),
      ),
    ],
  };
}

/**
 * @param {{ port: number, masterKey: string, callers: Record<Exclude<Asker, 'admin'>, string> }} gateway
 * @param {Page} page
 * @param {number} samples
 * @param {number} numbers What is asked for is picked at random from 1 to this.
 * @returns {Promise<number[]>}
 */
async function measurePage({ port, masterKey, callers }, { url, asker }, samples, numbers) {
  const key = asker === 'admin' ? masterKey : callers[asker];
  const tookMs = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const path = url(1 + Math.floor(Math.random() * numbers));
    const startedMs = performance.now();
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${key}` } });
    const text = await answer.text();
    tookMs.push(performance.now() - startedMs);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  }
  return tookMs;
}

/**
 * @param {import('./fill-fleet.mjs').FleetSize} size
 * @param {number} nowMs
 * @returns {Page[]}
 */
function listPages(size, nowMs) {
  return [
    ...listKeyPages(size, nowMs),
    ...drawCombinations(size, nowMs, SORTS, { seed: SEED, count: COMBINATIONS }),
    ...listOwnerPages(size),
    ...listSpendPages(size, nowMs),
    ...listAuditPages(size),
  ];
}

/**
 * Every filter with every order in both directions; then what people combine.
 *
 * @param {import('./fill-fleet.mjs').FleetSize} size
 * @param {number} nowMs
 * @returns {Page[]}
 */
function listKeyPages(size, nowMs) {
  const at = (/** @type {number} */ days) => new Date(nowMs + days * DAY_MS).toISOString();
  const ofTeam = (/** @type {number} */ i) => `team_id=${teamId(1 + (i % size.teams))}`;
  const ofUser = (/** @type {number} */ i) => `user_id=${userId(1 + (i % size.users))}`;
  const ofOrganization = (/** @type {number} */ i) => `organization_id=${organizationId(1 + (i % size.organizations))}`;
  /** @type {[string, (i: number) => string, Asker?][]} */
  const filters = [
    ['all', () => ''],
    ['active', () => 'status=active'],
    ['blocked', () => 'status=blocked'],
    ['expired', () => 'status=expired'],
    ['deleted', () => 'status=deleted'],
    ['of a user', ofUser],
    ['of a user, made by it, of its teams', (i) => `${ofUser(i)}&include_team_keys=true&include_created_by_keys=true`],
    ['of a team', ofTeam],
    ['of an organisation', ofOrganization],
    ['made by a user', (i) => `created_by=${userId(1 + (i % size.users))}`],
    ['with a tag', (i) => `tag=tag-${i % 100}`],
    ['expiring within a week', () => `expires_after=${at(0)}&expires_before=${at(7)}`],
    ['that spent much', () => 'min_spend=0.9'],
    ['that spent little', () => 'max_spend=0.0001'],
    ['never used', () => 'never_used=true'],
    ['not used for a week', () => `last_active_before=${at(-7)}`],
    ['used in the last hour', () => `last_active_after=${at(-1 / 24)}`],
    ['with a rare text', (i) => `search=${encodeURIComponent(`fleet ${i}`)}`],
    ['with a frequent text', () => 'search=fleet'],
    ['blocked, of a team', (i) => `status=blocked&${ofTeam(i)}`],
    ['active, of an organisation', (i) => `status=active&${ofOrganization(i)}`],
    ['active, never used', () => 'status=active&never_used=true'],
    ['active, expiring within a week', () => `status=active&expires_before=${at(7)}`],
    ['active, that spent much', () => 'status=active&min_spend=0.9'],
    ['active, with a tag', (i) => `status=active&tag=tag-${i % 100}`],
    ['active, with a frequent text', () => 'status=active&search=fleet'],
    ['blocked, never used, that spent much', () => 'status=blocked&never_used=true&min_spend=0.9'],
    ['seen by a team admin', () => 'include_team_keys=true', 'teamAdmin'],
    ['seen by a team admin, active', () => 'include_team_keys=true&status=active', 'teamAdmin'],
    ['seen by an organisation admin', () => 'include_team_keys=true', 'organizationAdmin'],
    ['seen by an organisation admin, never used', () => 'never_used=true', 'organizationAdmin'],
    ['seen by an organisation admin, with a frequent text', () => 'search=fleet', 'organizationAdmin'],
  ];
  /** @type {Page[]} */
  const pages = filters.flatMap(([name, filter, asker = 'admin']) =>
    SORTS.flatMap((sort) =>
      ['asc', 'desc'].map((order) => ({
        group: `/key/list ${name}`,
        title: `/key/list ${name}, by ${sort} ${order}`,
        url: (/** @type {number} */ i) =>
          `/key/list?size=100&return_full_object=true&sort_by=${sort}&sort_order=${order}&${filter(i)}`,
        asker,
      })),
    ),
  );
  return [
    ...pages,
    ...SORTS.flatMap((sort) =>
      ['asc', 'desc'].map((order) => ({
        group: '/key/list all, any page',
        title: `/key/list all, any page, by ${sort} ${order}`,
        url: (/** @type {number} */ i) =>
          `/key/list?size=100&sort_by=${sort}&sort_order=${order}&page=${1 + (i % (size.keys / 100))}`,
        asker: /** @type {const} */ ('admin'),
      })),
    ),
    toPage('/key/list with users', () => '/key/list?size=100&expand=user'),
    toPage('/key/info by hash', (i) => `/key/info?key=${keyHash(i)}`),
    toPage('/key/info by key_id', (i) => `/key/info?key=${keyId(i)}`),
    toPage('/key/info by alias', (i) => `/key/info?key=${encodeURIComponent(`fleet ${i}`)}`),
  ];
}

/**
 * @param {import('./fill-fleet.mjs').FleetSize} size
 * @returns {Page[]}
 */
function listOwnerPages(size) {
  return [
    toPage('/user/info', (i) => `/user/info?user_id=${userId(1 + (i % size.users))}`),
    toPage('/user/list', (i) => `/user/list?page=${1 + (i % 20)}&page_size=100`),
    toPage('/team/info', (i) => `/team/info?team_id=${teamId(1 + (i % size.teams))}`),
    toPage('/v2/team/list', (i) => `/v2/team/list?page=${1 + (i % 20)}&page_size=100`),
    toPage(
      '/v2/team/list of an organisation',
      (i) => `/v2/team/list?organization_id=${organizationId(1 + (i % size.organizations))}`,
    ),
  ];
}

/**
 * @param {import('./fill-fleet.mjs').FleetSize} size
 * @param {number} nowMs
 * @returns {Page[]}
 */
function listSpendPages(size, nowMs) {
  const day = (/** @type {number} */ index) =>
    new Date(nowMs - (index % size.days) * DAY_MS).toISOString().slice(0, 10);
  const span = (/** @type {number} */ from, /** @type {number} */ to) =>
    `start_date=${day(from)}%2000:00:00&end_date=${day(to)}%2023:59:59`;
  const month = span(29, 0);
  const ofUser = (/** @type {number} */ i) => `user_id=${userId(1 + (i % size.users))}`;
  const ofTeam = (/** @type {number} */ i) => `team_id=${teamId(1 + (i % size.teams))}`;
  const ofEndUser = (/** @type {number} */ i) => `end_user=${endUserId((i * 2) % size.endUsers)}`;
  return [
    toPage('/spend/logs', () => '/spend/logs?limit=100'),
    toPage('/spend/logs of a user', (i) => `/spend/logs?limit=100&${ofUser(i)}`),
    toPage('/spend/logs of a key', (i) => `/spend/logs?limit=100&api_key=${keyHash(i)}`),
    toPage('/spend/logs by request id', (i) => `/spend/logs?request_id=${requestId(1 + (i % size.spendRows))}`),
    toPage('/spend/logs by response id', (i) => `/spend/logs?request_id=${responseId(1 + (i % size.spendRows))}`),
    toPage('/spend/logs/v2, a day', (i) => `/spend/logs/v2?${span(i, i)}`),
    toPage('/spend/logs/v2, a month', () => `/spend/logs/v2?${month}`),
    toPage('/spend/logs/v2, a month, page 100', () => `/spend/logs/v2?${month}&page=100`),
    toPage('/spend/logs/v2 of a key', (i) => `/spend/logs/v2?${month}&api_key=${keyHash(i)}`),
    toPage('/spend/logs/v2 of a user', (i) => `/spend/logs/v2?${month}&${ofUser(i)}`),
    toPage('/spend/logs/v2 of a team', (i) => `/spend/logs/v2?${month}&${ofTeam(i)}`),
    toPage('/spend/logs/v2 of an end user', (i) => `/spend/logs/v2?${month}&${ofEndUser(i)}`),
    toPage('/spend/logs/v2 of a model', () => `/spend/logs/v2?${month}&model=bench`),
    toPage('/spend/logs/v2 of what cost much', () => `/spend/logs/v2?${month}&min_spend=0.00009`),
    toPage('/spend/logs/v2 of failures', () => `/spend/logs/v2?${month}&status_filter=failure`),
    toPage('/spend/logs/v2 of an error', () => `/spend/logs/v2?${month}&error_code=500`),
    toPage('/spend/logs/v2, dearest first', () => `/spend/logs/v2?${month}&sort_by=spend`),
    toPage('/spend/logs/v2 seen by a team admin', () => `/spend/logs/v2?${month}`, 'teamAdmin'),
    toPage('/spend/logs/v2 seen by an organisation admin', () => `/spend/logs/v2?${month}`, 'organizationAdmin'),
    toPage(
      '/spend/logs/v2 of a rare model, by the same',
      () => `/spend/logs/v2?${month}&model=rare`,
      'organizationAdmin',
    ),
  ];
}

/**
 * @param {import('./fill-fleet.mjs').FleetSize} size
 * @returns {Page[]}
 */
function listAuditPages(size) {
  return [
    toPage('/audit', () => '/audit?page_size=100'),
    toPage('/audit of an action', () => '/audit?page_size=100&action=deleted'),
    toPage('/audit of a table', () => '/audit?page_size=100&table_name=LiteLLM_VerificationToken'),
    toPage('/audit of a key', (i) => `/audit?object_id=${keyHash(i)}`),
    toPage('/audit of a user’s changes', (i) => `/audit?page_size=100&changed_by=${userId(1 + (i % size.users))}`),
    toPage(
      '/audit of a user’s deletions',
      (i) => `/audit?page_size=100&action=deleted&changed_by=${userId(1 + (i % size.users))}`,
    ),
    toPage('/audit, oldest first', () => '/audit?page_size=100&sort_by=updated_at&sort_order=asc'),
  ];
}

/**
 * @param {string} title
 * @param {(index: number) => string} url
 * @param {Asker} [asker]
 * @returns {Page}
 */
function toPage(title, url, asker = 'admin') {
  return { title, group: title, url, asker };
}
