import { expressionBuilder, type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Database, DialectName } from './database.ts';
import { anyCalls, type Branch, branchesOf, latestCalls } from './latest-calls.ts';
import {
  buildSpendFilters,
  fromRecordText,
  looksIntoRecords,
  recordText,
  type SpendLogs,
  sortValue,
  splitSpendQuery,
} from './spend-rows.ts';
import { sumAll, sumByEndUser, sumByKey, sumByModel, sumByTag, sumByUser, sumDaily } from './spend-sums.ts';
import type { SpendPage, SpendQuery, SpendReader, SpendRow, SpendSort } from './storage.ts';

/** Rows may carry prompts and answers, so many at once are fetched in pieces. */
const PAGE = 500;
const COUNTERS = 500;
/** No index sorts by these, so that many are looked at and no more. */
const SORTED = 10_000;

/** Of calls that stand in the order of time so many are looked at beyond the page, for what is in their records alone. */
const LOOKED_AHEAD = 50_000;
/** Of calls that an index finds all over the table: each is another read of the disk. */
const LOOKED_UP = 3_000;

type Calls = SelectQueryBuilder<Database, 'spend_logs', object>;
/** How many calls are taken: where nothing is sifted of them, where they stand all over the table, and where in its order. */
interface Bound {
  whole: number;
  scattered: number;
  inOrder: number;
  /** Null: they are counted. */
  order: SpendPage['order'] | null;
}
interface Found {
  calls: Calls;
  sifted: SpendQuery | null;
  /** Null: all of them. */
  most: number | null;
}

export function createSpendReader(reads: Kysely<Database>, dialect: DialectName): SpendReader {
  /** What indexes find for the query, and what is to be sifted from it. */
  const find = async (query: SpendQuery, bound: Bound): Promise<Found> => {
    const branches = await branchesOf(reads, query);
    if (branches !== null) return findScattered(branches, query, bound);
    const { found, sifted } = splitSpendQuery(query);
    const calls = reads.selectFrom('spend_logs').where((eb) => eb.and(buildSpendFilters(eb, dialect, found)));
    if (!looksIntoRecords(query)) return { calls, sifted, most: null };
    const { inOrder: most, order } = bound;
    const latest = calls
      .selectAll()
      .orderBy('started_at_ms', order ?? 'desc')
      .limit(most);
    return { calls: reads.selectFrom(latest.as('spend_logs')) as unknown as Calls, sifted, most };
  };

  const findScattered = (branches: readonly Branch[], query: SpendQuery, bound: Bound): Found => {
    const { scope: _opened, fromMs, toMs, ...rest } = query;
    const span = { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
    const filters = buildSpendFilters(expressionBuilder<Database, 'spend_logs'>(), dialect, span);
    const sifted = Object.keys(rest).length === 0 ? null : rest;
    const most = sifted === null ? bound.whole : bound.scattered;
    const table =
      sifted === null && bound.order === null
        ? anyCalls(branches, filters, most)
        : latestCalls(dialect, branches, filters, { most, order: bound.order ?? 'desc' });
    return { calls: reads.selectFrom(table.as('spend_logs')) as Calls, sifted, most };
  };

  const matching = async (query: SpendQuery, most: number, order: SpendPage['order']): Promise<Calls> => {
    const bound = { whole: most, scattered: most + LOOKED_UP, inOrder: most + LOOKED_AHEAD, order };
    const { calls, sifted } = await find(query, bound);
    return sifted === null ? calls : calls.where((eb) => eb.and(buildSpendFilters(eb, dialect, sifted)));
  };

  const sortLatest = async (query: SpendQuery, order: SpendPage['order'], sortBy: SpendSort) => {
    const latest = (await matching(query, SORTED, 'desc'))
      .select(['record', 'spend_nano_usd', 'model', 'started_at_ms', 'request_id'])
      .orderBy('started_at_ms', 'desc')
      .limit(SORTED);
    const value = sortValue(sortBy);
    return reads
      .selectFrom(latest.as('spend_logs'))
      .select(recordText(dialect).as('text'))
      .orderBy(sql`${value} is null`)
      .orderBy(value, order)
      .orderBy('started_at_ms', 'desc')
      .orderBy('request_id', 'desc');
  };

  return {
    async rows(query, { limit, offset, order, sortBy }) {
      const ordered =
        sortBy === undefined
          ? (await matching(query, offset + limit, order))
              .select(recordText(dialect).as('text'))
              .orderBy('started_at_ms', order)
              .orderBy('request_id', order)
          : await sortLatest(query, order, sortBy);
      const found: SpendRow[] = [];
      while (found.length < limit) {
        const asked = Math.min(PAGE, limit - found.length);
        const rows = await ordered
          .limit(asked)
          .offset(offset + found.length)
          .execute();
        found.push(...rows.map(({ text }) => fromRecordText(text)));
        if (rows.length < asked) break;
      }
      return found;
    },
    async count(query, atMost) {
      const bound = { whole: atMost, scattered: Math.min(atMost, LOOKED_UP), inOrder: atMost, order: null };
      const { calls, sifted, most } = await find(query, bound);
      let candidates = calls.select(
        sifted === null ? ['started_at_ms'] : ['spend_nano_usd', 'status', 'model', 'record'],
      );
      // In the order in which they are shown; where all of them count it does not matter which ones are met first.
      if (sifted !== null) candidates = candidates.orderBy('started_at_ms', 'desc');
      const counted = reads.selectFrom(candidates.limit(most ?? atMost).as('spend_logs')).select((eb) => [
        eb.fn.countAll<number>().as('seen'),
        eb.fn
          .countAll<number>()
          .filterWhere(
            sifted === null
              ? sql<boolean>`1 = 1`
              : eb.and(buildSpendFilters(eb as unknown as SpendLogs, dialect, sifted)),
          )
          .as('count'),
      ]);
      const { seen, count } = await counted.executeTakeFirstOrThrow();
      return { count, isWhole: seen < (most ?? atMost) };
    },
    daily: (query) => sumDaily(reads, query),
    byTag: (range) => sumByTag(reads, range),
    byModel: (limit) => sumByModel(reads, limit),
    byUser: (limit, userId) => sumByUser(reads, limit, userId),
    byEndUser: (query, limit) => sumByEndUser(reads, query, limit),
    byKey: (limit) => sumByKey(reads, limit),
    total: () => sumAll(reads),
    async balances(counters) {
      const found = new Map<string, number>();
      for (let start = 0; start < counters.length; start += COUNTERS) {
        const batch = counters.slice(start, start + COUNTERS);
        const query = reads.selectFrom('balances').select(['counter', 'nano_usd']).where('counter', 'in', batch);
        for (const row of await query.execute()) found.set(row.counter, row.nano_usd);
      }
      return found;
    },
  };
}
