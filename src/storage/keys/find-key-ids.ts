/**
 * Finds the ids of a page. A filter that leaves few keys picks them, and they are sorted; where it leaves many, the order
 * of the list is followed, in which matching keys are met soon. Which of the two it is shows only when it is tried, as
 * what people filter by goes together with what they sort by: the keys not used for a week are the oldest ones. So both
 * are tried within bounds, the one that is likely to be cheaper first, before a list is followed for as long as it takes.
 * For a page far back all that match are counted first: it may lie behind them, and if not, one end is nearer than the other.
 */
import { type Kysely, sql } from 'kysely';
import type { Database, DialectName } from '../database.ts';
import type { KeyListQuery } from '../storage.ts';
import {
  hasNames,
  isFiltered,
  isSpendOnly,
  isToldByFacts,
  isToldByFactsAndLinks,
  isToldByOrder,
} from './filter-kinds.ts';
import { type FilterHints, hintsFor, isSearchUnindexed } from './key-filters.ts';
import type { Picker } from './key-pickers.ts';
import { type Found, listWhole, walkFromEnd } from './list-whole.ts';
import { areFewDeleted, countBalances, walkBalances } from './live-balances.ts';
import { planGathering } from './plan-gathering.ts';
import { planSqlitePick } from './plan-sqlite-pick.ts';
import { isSortedByFacts, selectByFacts } from './select-by-facts.ts';
import { selectIds, selectMatching, selectNear, selectPicked } from './select-key-ids.ts';
import { asksForSpend } from './spend-classes.ts';

/** How far each way of finding keys goes. */
export interface SearchBounds {
  /** So many keys are picked and sorted in no time. */
  few: number;
  /** So far is the order of a list followed, looking up what its index does not tell, before more are picked. */
  near: number;
  /** So many are gathered beforehand on PostgreSQL, instead of being looked up as the order is followed. */
  gathered: number;
  /** So many are looked up one by one before all facts of all keys are read instead, which tells as much. */
  linked: number;
  /** So many are still sorted sooner than a million are looked through. */
  many: number;
  /** So many keys beyond the page are counted: to count a million takes long, and nobody reads so far. */
  ahead: number;
}

/** Where a hundredth of the keys matches, a page and what is counted beyond it are met near the beginning. */
const BOUNDS: SearchBounds = {
  few: 14_000,
  near: 20_000,
  gathered: 200_000,
  linked: 40_000,
  many: 150_000,
  ahead: 100,
};

/** To look up what a key has spent on PostgreSQL takes so many times as long as to see the rest. */
const PROBE_COST = 5;
/** And to look up the key of a balance, which is read whole. */
const KEY_COST = 1.4;

/** `total` is exact where it says so, and in any case when no more than `ahead` keys come after the page. */
export async function findKeyIds(
  reads: Kysely<Database>,
  dialect: DialectName,
  query: KeyListQuery,
  bounds: SearchBounds = BOUNDS,
): Promise<Found> {
  if (!isFiltered(query)) return listWhole(reads, dialect, query, bounds.near);
  const search = createSearch(reads, dialect, query, bounds);
  const isTold = isToldByOrder(query);
  if (search.isFar) {
    const isPickedSoon = dialect === 'sqlite' || hasNames(query);
    return (isPickedSoon ? await search.pick(bounds.few) : undefined) ?? search.findFar(isTold);
  }
  if (isTold && dialect === 'postgres' && asksForSpend(query) && query.status !== 'blocked') {
    return (await search.followNear()) ?? search.followGathered();
  }
  // To see whether a key is blocked and was ever used, near keys are read whole; of blocked ones few have spent so much.
  const leavesFew = hasNames(query) || (asksForSpend(query) && query.status === 'blocked');
  return (
    (leavesFew ? undefined : await search.followNear()) ??
    (await search.pick(bounds.few)) ??
    (leavesFew ? await search.followNear() : await search.followNearThoroughly()) ??
    (await search.gather()) ??
    (isTold ? await search.follow() : undefined) ??
    (await search.sortFacts()) ??
    (await search.pick(bounds.many)) ??
    (await search.follow())
  );
}

function createSearch(reads: Kysely<Database>, dialect: DialectName, query: KeyListQuery, bounds: SearchBounds) {
  const hints = hintsFor(dialect);
  const offset = (query.page - 1) * query.size;
  const asked = query.size + bounds.ahead;

  const plans = new Map<number, Promise<Picker | null>>();

  /** Two ways may ask for the same number. */
  function planPick(most: number): Promise<Picker | null> {
    const plan = plans.get(most) ?? planSqlitePick(reads, query, most);
    plans.set(most, plan);
    return plan;
  }

  /** How many keys match, as far as `most`. */
  async function countUpTo(most: number | null, picker?: Picker): Promise<number> {
    const matching = selectMatching(reads, query, hints, picker);
    const counted = reads.selectFrom((most === null ? matching : matching.limit(most)).as('matching'));
    return (await counted.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()).total;
  }

  function toFound(rows: readonly { key_id: string }[], isWhole: boolean): Found {
    const ids = rows.slice(0, query.size).map((row) => row.key_id);
    return { ids, total: offset + rows.length, isTotalExact: isWhole };
  }

  const leavesFewToProbe = asksForSpend(query) && (hasNames(query) || query.status === 'blocked');
  const isProbed = asksForSpend(query) && !leavesFewToProbe;
  /** So many keys are looked at before it is tried to pick; all that are near where an index is no help with that. */
  const soon = Math.ceil(bounds.near / (dialect === 'sqlite' || isSearchUnindexed(query) ? 1 : probeCost()));

  function probeCost(): number {
    if (query.sortBy === 'spend') return KEY_COST;
    return isProbed ? PROBE_COST : 1;
  }

  /** Follows the list as far as it takes. */
  async function follow(told: FilterHints): Promise<Found> {
    const rows = await selectIds(reads, query, told).limit(asked).offset(offset).execute();
    if (rows.length > 0 || offset === 0) return toFound(rows, rows.length < asked);
    return { ids: [], total: await countUpTo(offset), isTotalExact: true };
  }

  let fewDeleted: Promise<boolean> | undefined;

  /** Asked of balances alone, among which the deleted ones are few enough to be kept in mind. */
  async function isToldByBalances(): Promise<boolean> {
    if (!isSpendOnly(query)) return false;
    fewDeleted ??= areFewDeleted(reads);
    return fewDeleted;
  }

  async function countAll(): Promise<number> {
    if (await isToldByBalances()) return countBalances(reads, query);
    if (dialect === 'postgres') return countUpTo(null);
    return countUpTo(null, (await planPick(bounds.linked)) ?? undefined);
  }

  /** Follows the list to a page of which `total` match, from whichever end is nearer. */
  async function followFar(told: FilterHints, total: number): Promise<Found> {
    const left = total - offset;
    if (left < offset) return { ids: await walkFromEnd(reads, query, told, left), total, isTotalExact: true };
    const rows = await selectIds(reads, query, told).limit(query.size).offset(offset).execute();
    return { ids: rows.map((row) => row.key_id), total, isTotalExact: true };
  }

  /** Sorts everything that matches; undefined: that is more than `most`. */
  async function pick(most: number): Promise<Found | undefined> {
    const picker = dialect === 'sqlite' ? await planPick(most) : undefined;
    if (picker === null) return undefined;
    const rows =
      picker === undefined
        ? await selectPicked(reads, query, { ...hints, ...(leavesFewToProbe && { spent: 'probe' }) }, most + 1)
            .limit(query.size)
            .offset(offset)
            .execute()
        : await selectIds(reads, query, hints, picker)
            .select(sql<number>`count(*) over ()`.as('total'))
            .limit(query.size)
            .offset(offset)
            .execute();
    const total = rows[0]?.total ?? (offset === 0 ? 0 : await countUpTo(Math.min(offset, most + 1), picker));
    if (total > most) return undefined;
    return { ids: rows.map((row) => row.key_id), total, isTotalExact: true };
  }

  /** Looks at the first keys of the list; undefined: the page, and what is counted beyond it, goes on behind these. */
  async function followNear(most: number): Promise<Found | undefined> {
    if (offset + asked > most || query.status === 'deleted') return undefined;
    const near = selectNear(reads, query, { ...hints, spent: 'probe' }, most);
    const rows = await near.limit(asked).offset(offset).execute();
    return rows.length === asked ? toFound(rows, false) : undefined;
  }

  /** What PostgreSQL is to gather before the list is followed; undefined: nothing, or too much to be kept in mind. */
  async function planHints(): Promise<FilterHints | undefined> {
    if (dialect !== 'postgres' || query.sortBy === 'spend' || !asksForSpend(query)) return undefined;
    const { most } = await planGathering(reads, query, bounds.gathered);
    return most === undefined ? undefined : { ...hints, spent: { gather: most } };
  }

  return {
    isFar: offset > bounds.near,
    pick,

    /** A page far back, when it is known how many keys match. `isTold`: all of it by the index that is followed. */
    async findFar(isTold: boolean): Promise<Found> {
      const total = await countAll();
      if (offset >= total) return { ids: [], total, isTotalExact: true };
      if (query.sortBy === 'spend' && (await isToldByBalances())) {
        return { ids: await walkBalances(reads, query, total), total, isTotalExact: true };
      }
      const picked = isTold || total > bounds.many ? undefined : await pick(bounds.many);
      return picked ?? followFar((await planHints()) ?? hints, total);
    },

    followNear: () => followNear(soon),

    /** Once it is known that many match, and only where it was looked at fewer before. */
    followNearThoroughly: async () => (soon < bounds.near ? followNear(bounds.near) : undefined),

    /**
     * Follows the list as far as it takes on PostgreSQL, which knows in no time which keys have spent so much, and then asks
     * no index for each; undefined: these are too many to be kept in mind.
     */
    async gather(): Promise<Found | undefined> {
      const told = await planHints();
      return told && follow(told);
    },

    /** The same, of keys that have spent so much and whatever else their order tells; if few have, these are sorted. */
    async followGathered(): Promise<Found> {
      const { spent, most } = await planGathering(reads, query, bounds.gathered);
      const picked = spent > bounds.few ? undefined : await pick(bounds.few);
      return picked ?? follow(most === undefined ? hints : { ...hints, spent: { gather: most } });
    },

    /** Sorts everything that matches, of which SQLite reads nothing but the facts; undefined: they do not tell it. */
    async sortFacts(): Promise<Found | undefined> {
      if (dialect !== 'sqlite' || !isSortedByFacts(query) || !isToldByFactsAndLinks(query)) return undefined;
      const isTold = isToldByFacts(query);
      const picker = await planPick(isTold ? bounds.linked : bounds.many);
      const keyIds = picker?.keyIds;
      if (keyIds === undefined && !isTold) return undefined;
      const { rows } = await selectByFacts(query, keyIds, { limit: asked, offset }).execute(reads);
      return rows.length > 0 || offset === 0 ? toFound(rows, rows.length < asked) : undefined;
    },

    follow: () => follow(hints),
  };
}
