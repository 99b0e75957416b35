import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely';
import type { AuditLogTable, Database } from '../database.ts';
import type { AuditFilter } from '../storage.ts';

type Log = ExpressionBuilder<Database, 'audit_log'>;

/** What a row may be about, when something is asked for by a name. */
export interface ObjectNames {
  ids: string[];
  keyId: string | null;
}

/** As many secrets of one key are looked for; the newest. */
const MAX_SECRETS = 500;

/**
 * A key's rows bear the hash that it had at the time. So whichever of its hashes is asked for, or its key_id, all are
 * looked for, and its key_id. Anything else has one name.
 */
export async function findObjectNames(reads: Kysely<Database>, id: string): Promise<ObjectNames> {
  const secrets = await reads
    .selectFrom('key_secrets')
    .select(['hash', 'key_id'])
    .where('key_id', '=', (eb) =>
      eb.fn.coalesce(
        eb.selectFrom('key_secrets as known').select('known.key_id').where('known.hash', '=', id),
        eb.val(id),
      ),
    )
    .orderBy('created_at_ms', 'desc')
    .limit(MAX_SECRETS)
    .execute();
  return { ids: [...new Set([id, ...secrets.map(({ hash }) => hash)])], keyId: secrets[0]?.key_id ?? null };
}

/** Columns of the log that have an index: those that single out the fewest rows first. */
const INDEXED = [
  ['objectId', 'object_id'],
  ['changedByHash', 'changed_by_hash'],
  ['changedBy', 'changed_by'],
  ['action', 'action'],
  ['tableName', 'table_name'],
] as const satisfies readonly (readonly [keyof AuditFilter, keyof AuditLogTable])[];
type IndexedColumn = (typeof INDEXED)[number][1];

/** Which index is to find the rows. SQLite does not know how many each leaves, and takes any. */
export function pickAuditIndex(filter: AuditFilter): IndexedColumn | 'any' {
  return INDEXED.find(([name]) => filter[name] !== undefined)?.[1] ?? 'any';
}

/**
 * All conditions of a list, to be combined with AND. `index`: on SQLite the column whose index may be used for them;
 * `none`: the rows are read in the order of the log.
 */
export function buildAuditFilters(
  eb: Log,
  filter: AuditFilter,
  object: ObjectNames | null,
  index: IndexedColumn | 'any' | 'none',
): Expression<SqlBool>[] {
  const column = <C extends keyof AuditLogTable>(name: C) =>
    index === 'any' || isOf(index, name) ? eb.ref(`audit_log.${name}`) : unindexed<C>(name);
  const filters: Expression<SqlBool>[] = [];
  if (object !== null) {
    const byId = eb(column('object_id'), 'in', object.ids);
    filters.push(object.keyId === null ? byId : eb.or([byId, eb(column('object_key_id'), '=', object.keyId)]));
  }
  if (filter.action !== undefined) filters.push(eb(column('action'), '=', filter.action));
  if (filter.tableName !== undefined) filters.push(eb(column('table_name'), '=', filter.tableName));
  if (filter.changedBy !== undefined) filters.push(eb(column('changed_by'), '=', filter.changedBy));
  if (filter.changedByHash !== undefined) filters.push(eb(column('changed_by_hash'), '=', filter.changedByHash));
  if (filter.fromMs !== undefined) filters.push(eb(column('at_ms'), '>=', filter.fromMs));
  if (filter.toMs !== undefined) filters.push(eb(column('at_ms'), '<', filter.toMs));
  return filters;
}

/** A key's rows are found by two names. The time goes with every index. */
function isOf(index: IndexedColumn | 'none', name: keyof AuditLogTable): boolean {
  if (index === 'none') return false;
  return name === index || name === 'at_ms' || (index === 'object_id' && name === 'object_key_id');
}

/** A unary plus is SQLite's way of saying "not by index". */
function unindexed<C extends keyof AuditLogTable>(name: C): Expression<AuditLogTable[C]> {
  return sql<AuditLogTable[C]>`+${sql.ref(`audit_log.${name}`)}`;
}
