import { type Kysely, sql } from 'kysely';
import type { Database, DialectName } from './database.ts';
import {
  buildSpendFilters,
  fromRecordText,
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

export function createSpendReader(reads: Kysely<Database>, dialect: DialectName): SpendReader {
  const matching = (query: SpendQuery) =>
    reads.selectFrom('spend_logs').where((eb) => eb.and(buildSpendFilters(eb, dialect, query)));

  const sortLatest = (query: SpendQuery, order: SpendPage['order'], sortBy: SpendSort) => {
    const latest = matching(query)
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
          ? matching(query)
              .select(recordText(dialect).as('text'))
              .orderBy('started_at_ms', order)
              .orderBy('request_id', order)
          : sortLatest(query, order, sortBy);
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
      const { found, sifted } = splitSpendQuery(query);
      let candidates = matching(found).select(
        sifted === null ? ['started_at_ms'] : ['spend_nano_usd', 'status', 'record'],
      );
      // In the order in which they are shown; where all of them count it does not matter which ones are met first.
      if (sifted !== null) candidates = candidates.orderBy('started_at_ms', 'desc');
      const counted = reads.selectFrom(candidates.limit(atMost).as('spend_logs')).select((eb) => [
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
      return { count, isWhole: seen < atMost };
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
