import type { SpendRecord } from '../core/spend-record.ts';
import { cutName } from './to-storable.ts';

/** Rows to add to the sums, in SQL's names because they travel as JSON; each list sorted by its key. */
export interface Rollups {
  balances: { counter: string; nano_usd: number }[];
  daily: DailyRow[];
  dailyTags: { day: string; tag: string; calls: number; spend_nano_usd: number }[];
}

/** '' stands for "none": the columns are the row's key. */
export interface DailyRow {
  day: string;
  key_id: string;
  key_hash: string;
  user_id: string;
  team_id: string;
  organization_id: string;
  end_user: string;
  model: string;
  model_group: string;
  provider: string;
  calls: number;
  failures: number;
  prompt_tokens: number;
  completion_tokens: number;
  cache_read_tokens: number;
  spend_nano_usd: number;
}

/** All of a row's names together must fit into one index entry (2,700 bytes in PostgreSQL). */
const MAX_KEY_CHARS = 128;

type Names = [string, string, string, string, string, string, string, string, string];

/**
 * What a batch of new records adds to balances and daily sums. A call belongs to the UTC day on which it started.
 * Sorted, because processes that lock rows in one order cannot lock each other out.
 */
export function computeRollups(records: readonly SpendRecord[]): Rollups {
  const balances = new Map<string, Rollups['balances'][number]>();
  const daily = new Map<string, DailyRow>();
  const dailyTags = new Map<string, Rollups['dailyTags'][number]>();
  for (const record of records) {
    const day = new Date(record.startedAtMs).toISOString().slice(0, 10);
    for (const { counter, nanoUsd } of record.balances) {
      findOrAdd(balances, counter, () => ({ counter, nano_usd: 0 })).nano_usd += nanoUsd;
    }
    addToDay(daily, day, record);
    for (const tag of new Set(record.tags.map((name) => cutName(name, MAX_KEY_CHARS)))) {
      const row = findOrAdd(dailyTags, `${day}${tag}`, () => ({ day, tag, calls: 0, spend_nano_usd: 0 }));
      row.calls += 1;
      row.spend_nano_usd += record.spendNanoUsd;
    }
  }
  return {
    balances: listByKey(balances).filter(({ nano_usd }) => nano_usd !== 0),
    daily: listByKey(daily),
    dailyTags: listByKey(dailyTags),
  };
}

function addToDay(daily: Map<string, DailyRow>, day: string, record: SpendRecord): void {
  const { keyId, keyHash, userId, teamId, organizationId, endUser, model, modelGroup, provider } = record;
  const names = [keyId, keyHash, userId, teamId, organizationId, endUser, model, modelGroup, provider].map((name) =>
    cutName(name ?? '', MAX_KEY_CHARS),
  );
  const row = findOrAdd(daily, JSON.stringify([day, ...names]), () => {
    const [key_id, key_hash, user_id, team_id, organization_id, end_user, name, model_group, upstream] = names as Names;
    return {
      day,
      key_id,
      key_hash,
      user_id,
      team_id,
      organization_id,
      end_user,
      model: name,
      model_group,
      provider: upstream,
      calls: 0,
      failures: 0,
      prompt_tokens: 0,
      completion_tokens: 0,
      cache_read_tokens: 0,
      spend_nano_usd: 0,
    };
  });
  row.calls += 1;
  row.failures += record.status === 'failure' ? 1 : 0;
  row.prompt_tokens += record.promptTokens;
  row.completion_tokens += record.completionTokens;
  row.cache_read_tokens += record.cacheReadTokens;
  row.spend_nano_usd += record.spendNanoUsd;
}

function findOrAdd<T>(rows: Map<string, T>, key: string, create: () => T): T {
  let row = rows.get(key);
  if (row === undefined) {
    row = create();
    rows.set(key, row);
  }
  return row;
}

function listByKey<T>(rows: Map<string, T>): T[] {
  return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
