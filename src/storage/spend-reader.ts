import type { Kysely } from 'kysely';
import type { Database, DialectName } from './database.ts';
import { buildSpendFilters, fromRecordText, recordText } from './spend-rows.ts';
import { sumAll, sumByEndUser, sumByKey, sumByModel, sumByTag, sumByUser, sumDaily } from './spend-sums.ts';
import type { SpendQuery, SpendReader, SpendRow } from './storage.ts';

/** Rows may carry prompts and answers, so many at once are fetched in pieces. */
const PAGE = 500;
const COUNTERS = 500;

export function createSpendReader(reads: Kysely<Database>, dialect: DialectName): SpendReader {
  const matching = (query: SpendQuery) =>
    reads.selectFrom('spend_logs').where((eb) => eb.and(buildSpendFilters(eb, dialect, query)));

  return {
    async rows(query, { limit, offset, order }) {
      const ordered = matching(query)
        .select(recordText(dialect).as('text'))
        .orderBy('started_at_ms', order)
        .orderBy('request_id', order);
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
      const counted = reads
        .selectFrom(matching(query).select('spend_logs.request_id').limit(atMost).as('matching'))
        .select((eb) => eb.fn.countAll<number>().as('count'));
      return (await counted.executeTakeFirstOrThrow()).count;
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
