// Key lists as nobody has listed them: filters, order and page put together at random, the same ones for the same seed. The
// pages that fleet-pages.mjs names are those that somebody thought of; these are what "any filter and sort" means.

import { organizationId, teamId, userId } from './fill-fleet.mjs';

/** @typedef {import('./fleet-pages.mjs').Page} Page */
/** @typedef {{ whole: (below: number) => number, pick: <T>(from: readonly T[]) => T }} Dice */

const DAY_MS = 86_400_000;
const PAGE_ROWS = 100;
/** So many filters at once are drawn so often. */
const FILTERS_AT_ONCE = [1, 2, 2, 2, 3, 3];

/**
 * @param {import('./fill-fleet.mjs').FleetSize} size
 * @param {number} nowMs
 * @param {readonly string[]} sorts
 * @param {{ seed: number, count: number }} draw
 * @returns {Page[]}
 */
export function drawCombinations(size, nowMs, sorts, { seed, count }) {
  const dice = createDice(seed);
  const filters = listFilters(size, nowMs);
  return Array.from({ length: count }, () => {
    const drawn = drawFilters(dice, filters);
    const sort = `sort_by=${dice.pick(sorts)}&sort_order=${dice.pick(['asc', 'desc'])}`;
    const { name, page } = drawPage(dice, size);
    const query = [`size=${PAGE_ROWS}`, 'return_full_object=true', sort, `page=${page}`, ...drawn].join('&');
    return {
      group: `/key/list at random, ${name}`,
      title: `/key/list?${query}`,
      url: () => `/key/list?${query}`,
      asker: 'admin',
      once: true,
    };
  });
}

/**
 * What people look at is the first page; some go on for a while; hardly anybody jumps.
 *
 * @param {Dice} dice
 * @param {import('./fill-fleet.mjs').FleetSize} size
 */
function drawPage(dice, size) {
  const kind = dice.whole(4);
  if (kind < 2) return { name: 'first page', page: 1 };
  if (kind === 2) return { name: 'pages 2 to 20', page: 2 + dice.whole(19) };
  return { name: 'any page', page: 1 + dice.whole(size.keys / PAGE_ROWS) };
}

/**
 * Of each kind one at most, since a list takes no two of a kind.
 *
 * @param {Dice} dice
 * @param {readonly ((dice: Dice) => string)[]} filters
 */
function drawFilters(dice, filters) {
  const left = [...filters];
  return Array.from({ length: dice.pick(FILTERS_AT_ONCE) }, () => {
    const [filter] = left.splice(dice.whole(left.length), 1);
    return /** @type {(dice: Dice) => string} */ (filter)(dice);
  });
}

/**
 * One for each kind of filter that the list has, each with anything from hardly any key to nearly all.
 *
 * @param {import('./fill-fleet.mjs').FleetSize} size
 * @param {number} nowMs
 * @returns {((dice: Dice) => string)[]}
 */
function listFilters(size, nowMs) {
  const at = (/** @type {number} */ days) => new Date(nowMs + days * DAY_MS).toISOString();
  const number = (/** @type {Dice} */ dice) => 1 + dice.whole(size.keys);
  /** Any part of a digit of what keys have spent: a list may ask for hardly any key, or for nearly all. */
  const dollars = (/** @type {Dice} */ dice) => (dice.whole(10_000) / 10_000) ** dice.pick([1, 4]);
  /** Whose keys: these leave few, so that one of them is drawn as often as any other kind. */
  const names = [
    (/** @type {Dice} */ dice) => `user_id=${userId(1 + dice.whole(size.users))}`,
    (/** @type {Dice} */ dice) => `team_id=${teamId(1 + dice.whole(size.teams))}`,
    (/** @type {Dice} */ dice) => `organization_id=${organizationId(1 + dice.whole(size.organizations))}`,
    (/** @type {Dice} */ dice) => `created_by=${userId(1 + dice.whole(size.users))}`,
  ];
  const groups = [
    (/** @type {Dice} */ dice) => `tag=tag-${dice.whole(100)}`,
    (/** @type {Dice} */ dice) => `project_id=project-${dice.whole(size.keys / 500)}`,
    (/** @type {Dice} */ dice) => `access_group_id=group-${dice.whole(100)}`,
  ];
  return [
    (dice) => dice.pick(names)(dice),
    (dice) => dice.pick(groups)(dice),
    (dice) => `status=${dice.pick(['active', 'active', 'blocked', 'expired', 'deleted'])}`,
    (dice) => {
      const from = dice.whole(120) - 40;
      const ends = [`expires_after=${at(from)}`, `expires_before=${at(from + 1 + dice.whole(40))}`];
      return dice.pick([...ends, ends.join('&')]);
    },
    (dice) => {
      const from = -dice.whole(14) - 1;
      const ends = [`last_active_after=${at(from)}`, `last_active_before=${at(from + dice.whole(3))}`];
      return dice.pick([...ends, ends.join('&'), 'never_used=true', 'never_used=true', 'never_used=false']);
    },
    (dice) => {
      const least = dollars(dice);
      const ends = [`min_spend=${least}`, `max_spend=${least + dollars(dice) / 10}`];
      return dice.pick([...ends, `max_spend=${least}`, ends.join('&')]);
    },
    (dice) => {
      const text = dice.pick([`fleet ${number(dice)}`, 'fleet', `${dice.whole(1000)}`, `${dice.whole(100)}`, 'user-7']);
      return `search=${encodeURIComponent(text)}`;
    },
  ];
}

/** Random numbers that are the same for the same seed (mulberry32). @param {number} seed @returns {Dice} */
function createDice(seed) {
  let state = seed;
  function next() {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const whole = (/** @type {number} */ below) => Math.floor(next() * below);
  return { whole, pick: (from) => /** @type {(typeof from)[number]} */ (from[whole(from.length)]) };
}
