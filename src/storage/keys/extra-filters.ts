/**
 * Filters on fields that have no column: they live in the JSON text of `extra`, and no index knows them. The text is
 * searched first, which is cheap, and only what may match is read as JSON.
 */
import { type RawBuilder, sql } from 'kysely';
import type { DialectName } from '../database.ts';

/** Keys whose field of this name is this very text. */
export function buildExtraFilter(dialect: DialectName, name: string, value: string): RawBuilder<boolean> {
  const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
  return dialect === 'sqlite'
    ? sql<boolean>`(instr(keys.extra, ${member}) > 0 and json_extract(keys.extra, ${`$.${name}`}) = ${value})`
    : readAsJson(member, sql<boolean>`keys.extra::json ->> ${name} = ${value}`);
}

/** Keys whose field of this name is a list that holds this text. */
export function buildExtraListFilter(dialect: DialectName, name: string, value: string): RawBuilder<boolean> {
  const item = JSON.stringify(value);
  return dialect === 'sqlite'
    ? sql<boolean>`(instr(keys.extra, ${item}) > 0 and exists
        (select 1 from json_each(keys.extra, ${`$.${name}`}) as item where item.value = ${value}))`
    : readAsJson(
        item,
        sql<boolean>`exists
          (select 1 from json_array_elements_text(keys.extra::json -> ${name}) as item (value) where item.value = ${value})`,
      );
}

/**
 * PostgreSQL fails on JSON with escapes that its text cannot hold (U+0000, half of a surrogate pair), anywhere in it. One
 * such key must not fail the list of all, so there the search of the text has to do.
 */
function readAsJson(part: string, condition: RawBuilder<boolean>): RawBuilder<boolean> {
  return sql<boolean>`case when strpos(keys.extra, ${part}) = 0 then false
    when keys.extra ~ '\\\\u(0000|d[89a-f])' then true
    else ${condition} end`;
}
