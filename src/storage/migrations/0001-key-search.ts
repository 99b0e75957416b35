import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';

/**
 * Substring search over keys.search_text by trigrams: on SQLite a full-text table that triggers keep, of
 * live keys only; on PostgreSQL a GIN index. There the extension may be missing or not allowed; search then reads the
 * table, and is slower.
 */
export async function createKeySearch(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  if (dialect === 'sqlite') await createFullTextTable(db);
  else await createTrigramIndex(db);
}

async function createFullTextTable(db: Kysely<unknown>): Promise<void> {
  const forget = sql`insert into key_search (key_search, rowid, search_text)
    select 'delete', old.row_no, old.search_text where old.deleted_at_ms is null`;
  const remember = sql`insert into key_search (rowid, search_text)
    select new.row_no, new.search_text where new.deleted_at_ms is null`;
  const statements = [
    sql`create virtual table key_search using fts5(
      search_text, content = 'keys', content_rowid = 'row_no', tokenize = 'trigram case_sensitive 1'
    )`,
    sql`create trigger key_search_insert after insert on keys begin ${remember}; end`,
    sql`create trigger key_search_delete after delete on keys begin ${forget}; end`,
    sql`create trigger key_search_update after update of search_text, deleted_at_ms on keys
      when old.search_text <> new.search_text or old.deleted_at_ms is not new.deleted_at_ms
      begin ${forget}; ${remember}; end`,
  ];
  for (const statement of statements) await statement.execute(db);
  // One or two letters make no trigram: these are looked for in this index, which is much smaller than the table.
  await db.schema
    .createIndex('keys_text')
    .on('keys')
    .column('search_text')
    .where(sql<boolean>`deleted_at_ms is null`)
    .execute();
}

async function createTrigramIndex(db: Kysely<unknown>): Promise<void> {
  // A refused `create extension` would end the migration's transaction, so the database itself catches it.
  await sql`do $$ begin
    create extension if not exists pg_trgm;
    create index keys_search on keys using gin (search_text gin_trgm_ops);
  exception when others then
    raise notice 'no trigram index on keys: %', sqlerrm;
  end $$`.execute(db);
}
