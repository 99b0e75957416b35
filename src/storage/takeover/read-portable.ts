import type { Kysely } from 'kysely';
import { PORTABLE_KINDS, type PortableKind } from '../../core/portable-record.ts';
import type { Database } from '../database.ts';
import { fromKeyRow, KEY_COLUMNS } from '../keys/key-row.ts';
import {
  BUDGETS,
  END_USERS,
  MODELS,
  ORGANIZATION_MEMBERS,
  ORGANIZATIONS,
  TAGS,
  TEAM_MEMBERS,
  TEAMS,
  USERS,
} from '../owners/owner-tables.ts';
import { columnsOf, untyped } from '../owners/record-query.ts';
import { fromRow, type RecordTable, type Row } from '../owners/record-table.ts';
import type { PasswordSource } from '../password-command.ts';
import { readPresent } from './look-at-known.ts';

const PAGE = 500;

type Pages = AsyncIterable<[PortableKind, object[]]>;

/** What is in a database at this moment, for an export. Null: it has not this version's tables. */
export async function readExport<T>(
  url: string,
  work: (pages: Pages) => Promise<T>,
  password?: PasswordSource,
): Promise<T | null> {
  return readPresent(url, (db) => work(readPortable(db)), password);
}

/** Everything that is in use, in the order of an export, a page at a time: `[kind, records]`. Balances that are 0 are none. */
async function* readPortable(db: Kysely<Database>): AsyncGenerator<[PortableKind, object[]]> {
  for (const kind of PORTABLE_KINDS) {
    const pages = kind === 'key' ? readKeys(db) : kind === 'balance' ? readBalances(db) : readRecords(db, TABLES[kind]);
    for await (const page of pages) yield [kind, page];
  }
}

const TABLES: Readonly<Record<Exclude<PortableKind, 'key' | 'balance'>, RecordTable<never>>> = {
  budget: BUDGETS as RecordTable<never>,
  organization: ORGANIZATIONS as RecordTable<never>,
  user: USERS as RecordTable<never>,
  organization_member: ORGANIZATION_MEMBERS as RecordTable<never>,
  team: TEAMS as RecordTable<never>,
  team_member: TEAM_MEMBERS as RecordTable<never>,
  end_user: END_USERS as RecordTable<never>,
  tag: TAGS as RecordTable<never>,
  model: MODELS as RecordTable<never>,
};

async function* readRecords(db: Kysely<Database>, table: RecordTable<never>): AsyncGenerator<object[]> {
  const key = table.key.map((field: string) => {
    return `${table.name}.${table.columns.find((column) => column.field === field)?.column ?? field}`;
  });
  const [first = '', second] = key;
  let last: Row | undefined;
  for (;;) {
    let query = untyped(db)
      .selectFrom(table.name)
      .select(columnsOf(table))
      .where(`${table.name}.deleted_at_ms`, 'is', null);
    const after = last;
    if (after !== undefined) {
      const [at, then] = key.map((column) => after[column.slice(table.name.length + 1)]);
      query = query.where((eb) => {
        if (second === undefined) return eb(first, '>', at);
        return eb.or([eb(first, '>', at), eb.and([eb(first, '=', at), eb(second, '>', then)])]);
      });
    }
    for (const column of key) query = query.orderBy(column);
    const rows: Row[] = await query.limit(PAGE).execute();
    if (rows.length > 0) yield rows.map((row) => fromRow<object>(table as unknown as RecordTable<object>, row));
    last = rows.at(-1);
    if (rows.length < PAGE) return;
  }
}

async function* readKeys(db: Kysely<Database>): AsyncGenerator<object[]> {
  let last = '';
  for (;;) {
    const rows = await db
      .selectFrom('keys')
      .select(KEY_COLUMNS)
      .where('deleted_at_ms', 'is', null)
      .where('key_id', '>', last)
      .orderBy('key_id')
      .limit(PAGE)
      .execute();
    if (rows.length > 0) yield rows.map(fromKeyRow);
    last = rows.at(-1)?.key_id ?? '';
    if (rows.length < PAGE) return;
  }
}

async function* readBalances(db: Kysely<Database>): AsyncGenerator<object[]> {
  let last = '';
  for (;;) {
    const rows = await db
      .selectFrom('balances')
      .select(['counter', 'nano_usd'])
      .where('counter', '>', last)
      .where('nano_usd', '<>', 0)
      .orderBy('counter')
      .limit(PAGE)
      .execute();
    if (rows.length > 0) yield rows.map(({ counter, nano_usd: nanoUsd }) => ({ counter, nanoUsd }));
    last = rows.at(-1)?.counter ?? '';
    if (rows.length < PAGE) return;
  }
}
