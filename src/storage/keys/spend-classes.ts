/**
 * The range of what keys of a list have spent: asked of balances, and on SQLite of the class that each key is in (see
 * migration 0028). All of a class have spent at least what it begins at and less than the next one does, so that only those
 * of the class in which a bound of the list lies are looked up in the balances. Classes are by the number of a key's row,
 * which every index of the keys holds.
 */
import { type RawBuilder, sql } from 'kysely';
import type { KeyListQuery } from '../storage.ts';

/** Beyond every class. */
const NONE = 1_000_000;

export type SpendRange = Pick<KeyListQuery, 'minSpendNanoUsd' | 'maxSpendNanoUsd'>;

export function asksForSpend({ minSpendNanoUsd, maxSpendNanoUsd }: SpendRange): boolean {
  return minSpendNanoUsd !== undefined || maxSpendNanoUsd !== undefined;
}

/** Of a row of balances, by that name: it is of the range. */
export function buildBalanceRange({ minSpendNanoUsd: min, maxSpendNanoUsd: max }: SpendRange): RawBuilder<boolean> {
  const conditions = [];
  if (min !== undefined) conditions.push(sql`balances.nano_usd >= ${min}`);
  if (max !== undefined) conditions.push(sql`balances.nano_usd <= ${max}`);
  return sql`${sql.join(conditions, sql` and `)}`;
}

/** Of a row of key_spend_classes by the name of `spent`: it can be of the range, or is nowhere near it. */
export function buildClassRange({ minSpendNanoUsd: min, maxSpendNanoUsd: max }: SpendRange): RawBuilder<boolean> {
  const conditions = [];
  if (min !== undefined) conditions.push(sql`spent.class >= ${classOf(min)}`);
  if (max !== undefined) conditions.push(sql`spent.class <= ${classOf(max)}`);
  return sql`${sql.join(conditions, sql` and `)}`;
}

/** Of a row of keys: it has spent so much. */
export function buildSpentInRange(range: SpendRange): RawBuilder<boolean> {
  const { minSpendNanoUsd: min, maxSpendNanoUsd: max } = range;
  const sure = [];
  if (min !== undefined) {
    const from = sql`(select class from spend_classes where from_nano_usd >= ${min} order by from_nano_usd limit 1)`;
    sure.push(sql`spent.class >= coalesce(${from}, ${NONE})`);
  }
  if (max !== undefined) sure.push(sql`spent.class < ${classOf(max + 1)}`);
  return sql`exists (select 1 from key_spend_classes as spent
    where spent.row_no = keys.row_no and ${buildClassRange(range)} and ((${sql.join(sure, sql` and `)}) or exists (
      select 1 from balances where balances.key_id = keys.key_id and balances.key_id is not null
        and ${buildBalanceRange(range)})))`;
}

function classOf(nanoUsd: number) {
  return sql`(select class from spend_classes where from_nano_usd <= ${nanoUsd} order by from_nano_usd desc limit 1)`;
}
