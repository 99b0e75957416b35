import { toRollupName, toTagList, toTagSetId } from '../core/rollup-names.ts';
import type { BalanceDelta, SpendRecord } from '../core/spend-record.ts';

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
  /** Names the list of tags, which would be too long for a key. */
  tag_set: string;
  /** The list itself, as JSON. */
  tags: string;
  calls: number;
  failures: number;
  prompt_tokens: number;
  completion_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  spend_nano_usd: number;
}

/** What records add to balances and daily sums, summed up as they come: a record need not be kept for it. */
export interface RollupSums {
  /** Throws RangeError when the call began at no time that a calendar knows; nothing has been added then. */
  add(record: SpendRecord): void;
  /** Sorted, because processes that lock rows in one order cannot lock each other out. */
  list(): Rollups;
  /** What all records together move balances by. */
  deltas(): BalanceDelta[];
}

const DAY_MS = 86_400_000;

/** A call belongs to the UTC day on which it started. */
export function createRollupSums(): RollupSums {
  const balances = new Map<string, number>();
  const daily = new Map<string, DailyRow>();
  const dailyTags = new Map<string, Rollups['dailyTags'][number]>();
  let dayNumber = Number.NaN;
  let day = '';

  return {
    add(record) {
      const number = Math.floor(record.startedAtMs / DAY_MS);
      if (number !== dayNumber) {
        day = new Date(record.startedAtMs).toISOString().slice(0, 10);
        dayNumber = number;
      }
      for (const { counter, nanoUsd } of record.balances) {
        balances.set(counter, (balances.get(counter) ?? 0) + nanoUsd);
      }
      addToDay(daily, day, record);
      if (record.tags.length > 0) addToTags(dailyTags, day, record);
    },
    list: () => ({
      balances: listByKey(balances)
        .filter(([, sum]) => sum !== 0)
        .map(([counter, sum]) => ({ counter, nano_usd: sum })),
      daily: listByKey(daily).map(([, row]) => row),
      dailyTags: listByKey(dailyTags).map(([, row]) => row),
    }),
    deltas: () => Array.from(balances, ([counter, nanoUsd]) => ({ counter, nanoUsd })),
  };
}

/** What a list of new records adds up to. */
export function computeRollups(records: readonly SpendRecord[]): Rollups {
  const sums = createRollupSums();
  for (const record of records) sums.add(record);
  return sums.list();
}

function addToDay(daily: Map<string, DailyRow>, day: string, record: SpendRecord): void {
  const keyId = toRollupName(record.keyId);
  const keyHash = toRollupName(record.keyHash);
  const userId = toRollupName(record.userId);
  const teamId = toRollupName(record.teamId);
  const organizationId = toRollupName(record.organizationId);
  const endUser = toRollupName(record.endUser);
  const model = toRollupName(record.model);
  const modelGroup = toRollupName(record.modelGroup);
  const provider = toRollupName(record.provider);
  const tags = toTagList(record.tags);
  // No name that can be stored contains a NUL.
  const owners = `${keyId}\0${keyHash}\0${userId}\0${teamId}\0${organizationId}\0${endUser}`;
  const key = `${day}\0${owners}\0${model}\0${modelGroup}\0${provider}\0${tags}`;
  let row = daily.get(key);
  if (row === undefined) {
    row = {
      day,
      key_id: keyId,
      key_hash: keyHash,
      user_id: userId,
      team_id: teamId,
      organization_id: organizationId,
      end_user: endUser,
      model,
      model_group: modelGroup,
      provider,
      tag_set: toTagSetId(tags),
      tags,
      calls: 0,
      failures: 0,
      prompt_tokens: 0,
      completion_tokens: 0,
      cache_read_tokens: 0,
      cache_write_tokens: 0,
      spend_nano_usd: 0,
    };
    daily.set(key, row);
  }
  row.calls += 1;
  row.failures += record.status === 'failure' ? 1 : 0;
  row.prompt_tokens += record.promptTokens;
  row.completion_tokens += record.completionTokens;
  row.cache_read_tokens += record.cacheReadTokens;
  row.cache_write_tokens += record.cacheWriteTokens;
  row.spend_nano_usd += record.spendNanoUsd;
}

function addToTags(dailyTags: Map<string, Rollups['dailyTags'][number]>, day: string, record: SpendRecord): void {
  for (const tag of new Set(record.tags.map(toRollupName))) {
    const key = `${day}${tag}`;
    let row = dailyTags.get(key);
    if (row === undefined) {
      row = { day, tag, calls: 0, spend_nano_usd: 0 };
      dailyTags.set(key, row);
    }
    row.calls += 1;
    row.spend_nano_usd += record.spendNanoUsd;
  }
}

function listByKey<T>(rows: Map<string, T>): [string, T][] {
  return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
}
