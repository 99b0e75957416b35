/** Sums over the daily rollups. A day is a UTC calendar day, so a range is widened to whole days. */
import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import type { DailySpend, SpendReader } from './storage.ts';

const PAGE = 5_000;
const GROUP = ['day', 'key_id', 'key_hash', 'user_id', 'model'] as const;

/** sum() of integers is a wider type on PostgreSQL; as a bigint it is a number in both. */
const sumOf = (column: string) => sql<number>`cast(coalesce(sum(${sql.ref(column)}), 0) as bigint)`;

export async function sumDaily(
  reads: Kysely<Database>,
  query: Parameters<SpendReader['daily']>[0],
): Promise<DailySpend[]> {
  const { firstDay, lastDay } = toDays(query);
  let grouped = reads.selectFrom('daily_spend').select(GROUP).select(sumOf('spend_nano_usd').as('spend_nano_usd'));
  if (query.keyId !== undefined) grouped = grouped.where('key_id', '=', query.keyId ?? '');
  if (query.userId !== undefined) grouped = grouped.where('user_id', '=', query.userId);
  if (firstDay !== undefined) grouped = grouped.where('day', '>=', firstDay);
  if (lastDay !== undefined) grouped = grouped.where('day', '<=', lastDay);
  grouped = grouped.groupBy(GROUP).orderBy('day').orderBy('key_id').orderBy('key_hash').orderBy('user_id');

  // Page by page: a year of many keys in one piece would hold up everything else.
  const days: DailySpend[] = [];
  for (let page = grouped.orderBy('model').limit(PAGE); ; ) {
    const rows = await page.execute();
    for (const row of rows) {
      days.push({
        day: row.day,
        keyId: row.key_id || null,
        keyHash: row.key_hash,
        userId: row.user_id || null,
        model: row.model,
        spendNanoUsd: row.spend_nano_usd,
      });
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return days;
    const after = sql.join(GROUP.map((column) => last[column]));
    page = grouped
      .orderBy('model')
      .where(sql<boolean>`(day, key_id, key_hash, user_id, model) > (${after})`)
      .limit(PAGE);
  }
}

export async function sumByTag(
  reads: Kysely<Database>,
  range: { fromMs?: number; toMs?: number },
): ReturnType<SpendReader['byTag']> {
  const { firstDay, lastDay } = toDays(range);
  let tags = reads
    .selectFrom('daily_tag_spend')
    .select(['tag', sumOf('calls').as('calls'), sumOf('spend_nano_usd').as('spend_nano_usd')])
    .select((eb) => [eb.fn.min('day').as('first_day'), eb.fn.max('day').as('last_day')]);
  if (firstDay !== undefined) tags = tags.where('day', '>=', firstDay);
  if (lastDay !== undefined) tags = tags.where('day', '<=', lastDay);
  const rows = await tags.groupBy('tag').orderBy('spend_nano_usd', 'desc').orderBy('tag').execute();
  return rows.map((row) => ({
    tag: row.tag,
    calls: row.calls,
    spendNanoUsd: row.spend_nano_usd,
    firstDay: row.first_day,
    lastDay: row.last_day,
  }));
}

export async function sumByModel(reads: Kysely<Database>, limit: number): ReturnType<SpendReader['byModel']> {
  const rows = await reads
    .selectFrom('daily_spend')
    .select(['model', sumOf('spend_nano_usd').as('spend_nano_usd')])
    .groupBy('model')
    .orderBy('spend_nano_usd', 'desc')
    .orderBy('model')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ model: row.model, spendNanoUsd: row.spend_nano_usd }));
}

export async function sumByUser(
  reads: Kysely<Database>,
  limit: number,
  userId: string | undefined,
): ReturnType<SpendReader['byUser']> {
  let users = reads
    .selectFrom('daily_spend')
    .select(['user_id', sumOf('spend_nano_usd').as('spend_nano_usd')])
    .where('user_id', '<>', '');
  if (userId !== undefined) users = users.where('user_id', '=', userId);
  const rows = await users
    .groupBy('user_id')
    .orderBy('spend_nano_usd', 'desc')
    .orderBy('user_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ userId: row.user_id, spendNanoUsd: row.spend_nano_usd }));
}

export async function sumByEndUser(
  reads: Kysely<Database>,
  query: Parameters<SpendReader['byEndUser']>[0],
  limit: number,
): ReturnType<SpendReader['byEndUser']> {
  const { firstDay, lastDay } = toDays(query);
  let sums = reads
    .selectFrom('daily_spend')
    .select(['end_user', sumOf('calls').as('calls'), sumOf('spend_nano_usd').as('spend_nano_usd')])
    .where('end_user', '<>', '');
  if (query.keyId !== undefined) sums = sums.where('key_id', '=', query.keyId ?? '');
  if (query.keyHash !== undefined) sums = sums.where('key_hash', '=', query.keyHash);
  if (firstDay !== undefined) sums = sums.where('day', '>=', firstDay);
  if (lastDay !== undefined) sums = sums.where('day', '<=', lastDay);
  const rows = await sums
    .groupBy('end_user')
    .orderBy('spend_nano_usd', 'desc')
    .orderBy('end_user')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ endUser: row.end_user, calls: row.calls, spendNanoUsd: row.spend_nano_usd }));
}

/** Deleted keys are among them, under the name they had. Calls without a key (the master key's) are not. */
export async function sumByKey(reads: Kysely<Database>, limit: number): ReturnType<SpendReader['byKey']> {
  const sums = reads
    .selectFrom('daily_spend')
    .select(['key_id', sumOf('spend_nano_usd').as('spend_nano_usd')])
    .where('key_id', '<>', '')
    .groupBy('key_id')
    .orderBy('spend_nano_usd', 'desc')
    .orderBy('key_id')
    .limit(limit)
    .as('sums');
  const rows = await reads
    .selectFrom(sums)
    .innerJoin('keys', 'keys.key_id', 'sums.key_id')
    .select(['keys.key_id', 'keys.hash', 'keys.alias', 'keys.mask', 'sums.spend_nano_usd'])
    .orderBy('sums.spend_nano_usd', 'desc')
    .orderBy('keys.key_id')
    .execute();
  return rows.map((row) => ({
    keyId: row.key_id,
    keyHash: row.hash,
    keyAlias: row.alias,
    keyMask: row.mask,
    spendNanoUsd: row.spend_nano_usd,
  }));
}

export async function sumAll(reads: Kysely<Database>): Promise<number> {
  const sums = reads.selectFrom('daily_spend').select(sumOf('spend_nano_usd').as('spend_nano_usd'));
  return (await sums.executeTakeFirstOrThrow()).spend_nano_usd;
}

/** `toMs` is exclusive: midnight belongs to the day that begins. */
function toDays({ fromMs, toMs }: { fromMs?: number; toMs?: number }) {
  return {
    firstDay: fromMs === undefined ? undefined : toDay(fromMs),
    lastDay: toMs === undefined ? undefined : toDay(toMs - 1),
  };
}

function toDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
