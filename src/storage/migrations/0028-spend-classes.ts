/**
 * Which class of spend a key is in, a byte beside the number of its row, on SQLite: a list that is asked for what keys have
 * spent follows its order and knows of nearly every key at a glance whether it is in (see spend-classes.ts), without a look
 * into the balances, which are ten times as wide and in another order. Triggers keep it, so whoever writes balances need
 * not know; a bill writes it only when the key gets into another class, which happens a few dozen times in its life.
 *
 * On PostgreSQL the index of blocked keys gets all that they are sorted by, which hardly ever changes while a key is blocked.
 */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';

const BATCH = 20_000;
/** Classes begin at powers of this, from a millionth of a dollar to ten million dollars, and at 0 and 1. */
const STEP = 2 ** 0.25;
const [FIRST, LAST] = [1_000, 1e16];

export async function classifySpend(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  if (dialect === 'postgres') {
    await sql`drop index keys_blocked`.execute(db);
    await sql`create index keys_blocked on keys (created_at_ms, key_id, expires_at_ms)
      include (last_active_at_ms, updated_at_ms, max_budget_nano_usd, alias, hash)
      where blocked = 1 and deleted_at_ms is null`.execute(db);
    return;
  }
  await sql`create table spend_classes (from_nano_usd integer primary key, class integer not null)`.execute(db);
  const rows = listBounds().map((from, index) => sql`(${from}, ${index + 1})`);
  await sql`insert into spend_classes (from_nano_usd, class) values (-9223372036854775808, 0), ${sql.join(rows)}`.execute(
    db,
  );
  await sql`create table key_spend_classes (row_no integer primary key, class integer not null)`.execute(db);
  await fill(db);
  await keep(db);
}

/** But for that of all below nothing. */
function listBounds(): number[] {
  const bounds = [0, 1];
  for (let from = FIRST; from <= LAST; from *= STEP) bounds.push(Math.round(from));
  return bounds;
}

function classOf(nanoUsd: string) {
  return sql`(select class from spend_classes where from_nano_usd <= ${sql.ref(nanoUsd)}
    order by from_nano_usd desc limit 1)`;
}

async function fill(db: Kysely<unknown>): Promise<void> {
  for (let after = ''; ; ) {
    const { rows } = await sql<{ last: string | null; many: number }>`
      select max(key_id) as last, count(*) as many from (
        select key_id from balances where key_id > ${after} order by key_id limit ${BATCH})`.execute(db);
    const { last = null } = rows[0] ?? {};
    if (last === null) return;
    await sql`insert into key_spend_classes (row_no, class)
      select keys.row_no, ${classOf('balances.nano_usd')}
      from balances cross join keys on keys.key_id = balances.key_id
      where balances.key_id > ${after} and balances.key_id <= ${last}`.execute(db);
    after = last;
  }
}

async function keep(db: Kysely<unknown>): Promise<void> {
  const put = sql`insert into key_spend_classes (row_no, class)
    select row_no, ${classOf('new.nano_usd')} from keys where key_id = new.key_id
    on conflict (row_no) do update set class = excluded.class`;
  await sql`create trigger balances_class_insert after insert on balances when new.key_id is not null
    begin ${put}; end`.execute(db);
  await sql`create trigger balances_class_update after update of nano_usd on balances
    when new.key_id is not null and ${classOf('old.nano_usd')} <> ${classOf('new.nano_usd')}
    begin ${put}; end`.execute(db);
  await sql`create trigger balances_class_key after update of key_id on balances
    when new.key_id is not null and old.key_id is not new.key_id
    begin ${put}; end`.execute(db);
}
