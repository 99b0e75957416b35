/**
 * Daily sums that also tell the calls' tags and how many tokens went into caches. They are filled from the ledger's rows,
 * an hour of them at a time. A day that these do not add up to (rows have been taken away) keeps the sums that it had.
 */
import { type CreateTableBuilder, type Kysely, type RawBuilder, sql } from 'kysely';
import { RECORD_POSITIONS } from '../../core/record-row.ts';
import { toRollupName, toTagList, toTagSetId } from '../../core/rollup-names.ts';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

const OLD_KEY = [
  'day',
  'key_id',
  'key_hash',
  'user_id',
  'team_id',
  'organization_id',
  'end_user',
  'model',
  'model_group',
  'provider',
] as const;
const KEY = [...OLD_KEY, 'tag_set'] as const;
const OLD_SUMS = [
  'calls',
  'failures',
  'prompt_tokens',
  'completion_tokens',
  'cache_read_tokens',
  'spend_nano_usd',
] as const;
const SUMS = [...OLD_SUMS, 'cache_write_tokens'] as const;

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** Rows in one statement: SQLite takes so many parameters and not many more. */
const CHUNK = 500;

type Names = Record<(typeof OLD_KEY)[number], string>;
type Sums = Record<(typeof SUMS)[number], number>;
type Row = Names & Sums & { tag_set: string; tags: string };
type Db = Kysely<{ daily_spend: Names & Sums; daily_spend_next: Row; spend_logs: { started_at_ms: number } }>;

export async function extendDailySums(untyped: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const db = untyped as Db;
  const text = textType(dialect);
  let table: CreateTableBuilder<string, string> = db.schema.createTable('daily_spend_next');
  for (const name of KEY) table = table.addColumn(name, text, (column) => column.notNull());
  table = table.addColumn('tags', text, (column) => column.notNull());
  for (const name of SUMS) table = table.addColumn(name, 'bigint', (column) => column.notNull());
  await table.addPrimaryKeyConstraint('daily_sums_pkey', [...KEY]).execute();

  for (const day of await listDays(db)) {
    if (await addsUp(db, day)) await fillFromCalls(db, dialect, day);
    else await keepSums(db, day);
  }

  await db.schema.dropTable('daily_spend').execute();
  await db.schema.alterTable('daily_spend_next').renameTo('daily_spend').execute();
  for (const [name, column] of [
    ['daily_spend_key', 'key_id'],
    ['daily_spend_user', 'user_id'],
  ] as const) {
    await db.schema.createIndex(name).on('daily_spend').columns([column, 'day']).execute();
  }
}

async function listDays(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('daily_spend').select('day').distinct().orderBy('day').execute();
  return rows.map(({ day }) => day);
}

/** Are the calls that the day's sums were made of all there still? */
async function addsUp(db: Db, day: string): Promise<boolean> {
  const startMs = Date.parse(day);
  const { rows } = await sql<{ rolled: number; calls: number; rolled_spend: number; spend: number }>`
    select
      (select cast(coalesce(sum(calls), 0) as bigint) from daily_spend where day = ${day}) as rolled,
      (select cast(coalesce(sum(spend_nano_usd), 0) as bigint) from daily_spend where day = ${day}) as rolled_spend,
      cast(count(*) as bigint) as calls, cast(coalesce(sum(spend_nano_usd), 0) as bigint) as spend
    from spend_logs where started_at_ms >= ${startMs} and started_at_ms < ${startMs + HOURS * HOUR_MS}`.execute(db);
  const [sums] = rows;
  return sums !== undefined && sums.rolled === sums.calls && sums.rolled_spend === sums.spend;
}

async function fillFromCalls(db: Db, dialect: DialectName, day: string): Promise<void> {
  for (let hour = 0; hour < HOURS; hour += 1) {
    const startMs = Date.parse(day) + hour * HOUR_MS;
    const rows = await sumCalls(db, dialect, startMs);
    await addRows(
      db,
      rows.map((row) => toRow(day, row)),
    );
  }
}

interface CallSums extends Sums {
  key_id: string | null;
  key_hash: string;
  user_id: string | null;
  team_id: string | null;
  organization_id: string | null;
  end_user: string | null;
  model: string;
  model_group: string | null;
  provider: string | null;
  /** A JSON list, as the calls have it. */
  tags: string;
}

async function sumCalls(db: Db, dialect: DialectName, startMs: number): Promise<CallSums[]> {
  const at = (field: keyof typeof RECORD_POSITIONS): RawBuilder<unknown> => sql.lit(RECORD_POSITIONS[field]);
  const sumOf = (field: keyof typeof RECORD_POSITIONS) =>
    sql`cast(sum(cast(record ->> ${at(field)} as bigint)) as bigint)`;
  const tags = dialect === 'sqlite' ? sql`record -> ${at('tags')}` : sql`cast(record -> ${at('tags')} as text)`;
  const { rows } = await sql<CallSums>`
    select key_id, key_hash, user_id, team_id, organization_id, end_user, model,
      record ->> ${at('modelGroup')} as model_group, record ->> ${at('provider')} as provider, ${tags} as tags,
      cast(count(*) as bigint) as calls,
      cast(sum(case when status = 'failure' then 1 else 0 end) as bigint) as failures,
      ${sumOf('promptTokens')} as prompt_tokens, ${sumOf('completionTokens')} as completion_tokens,
      ${sumOf('cacheReadTokens')} as cache_read_tokens, ${sumOf('cacheWriteTokens')} as cache_write_tokens,
      cast(sum(spend_nano_usd) as bigint) as spend_nano_usd
    from spend_logs where started_at_ms >= ${startMs} and started_at_ms < ${startMs + HOUR_MS}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10`.execute(db);
  return rows;
}

function toRow(day: string, { tags: ofCalls, ...row }: CallSums): Row {
  const tags = toTagList(JSON.parse(ofCalls));
  return {
    ...row,
    day,
    key_id: toRollupName(row.key_id),
    key_hash: toRollupName(row.key_hash),
    user_id: toRollupName(row.user_id),
    team_id: toRollupName(row.team_id),
    organization_id: toRollupName(row.organization_id),
    end_user: toRollupName(row.end_user),
    model: toRollupName(row.model),
    model_group: toRollupName(row.model_group),
    provider: toRollupName(row.provider),
    tag_set: toTagSetId(tags),
    tags,
  };
}

/** Tags in another order are one set, and names that are cut may have become the same. */
function mergeRows(rows: readonly Row[]): Row[] {
  const merged = new Map<string, Row>();
  for (const row of rows) {
    const key = KEY.map((name) => row[name]).join('\0');
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { ...row });
    else for (const name of SUMS) known[name] += row[name];
  }
  return [...merged.values()];
}

async function addRows(db: Db, rows: readonly Row[]): Promise<void> {
  const merged = mergeRows(rows);
  for (let start = 0; start < merged.length; start += CHUNK) {
    await db
      .insertInto('daily_spend_next')
      .values(merged.slice(start, start + CHUNK))
      .onConflict((conflict) =>
        conflict
          .columns([...KEY])
          .doUpdateSet(
            Object.fromEntries(
              SUMS.map((name) => [
                name,
                sql<number>`${sql.ref(`daily_spend_next.${name}`)} + ${sql.ref(`excluded.${name}`)}`,
              ]),
            ) as unknown as Row,
          ),
      )
      .execute();
  }
}

async function keepSums(db: Db, day: string): Promise<void> {
  const columns = sql.join([...OLD_KEY, ...OLD_SUMS].map((name) => sql.ref(name)));
  await sql`insert into daily_spend_next (${columns}, tag_set, tags, cache_write_tokens)
    select ${columns}, '', '', 0 from daily_spend where day = ${day}`.execute(db);
}
