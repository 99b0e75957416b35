/**
 * A LiteLLM database, as it is at one moment. Which tables and columns there are differs from version to version, so the
 * catalogue is asked and every row comes with all of its columns, as JSON: times stay text, numbers stay exact.
 */
import { CompiledQuery, type Transaction } from 'kysely';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Database } from '../database.ts';
import { quoteIdentifier } from '../postgres-address.ts';
import { readSnapshot } from '../read-snapshot.ts';

export interface LitellmRow {
  /** Every column, by its name. */
  values: JsonObject;
  /** For a column that ought to be unique: which of the rows with the same value this is, from 1 on. */
  place: number;
}

/** How a table is read. Columns that this database does not have are left out. */
export interface LitellmTable {
  name: string;
  /** In which order: unique, so that one reading is like the next. */
  key: readonly string[];
  /** Several rows may have the same text here; upper and lower case count as the same with `ignoreCase`. */
  unique?: { column: string; ignoreCase?: boolean };
}

export interface LitellmSource {
  /** Table → its columns. */
  tables: ReadonlyMap<string, ReadonlySet<string>>;
  /** Rows in batches, through a cursor: however large the table is, no more than a batch is held. */
  read(table: LitellmTable): AsyncIterable<LitellmRow[]>;
  /** Everybody who is, or has a place, in a team: from the teams' own lists and from the membership rows. */
  readTeamMembers(): AsyncIterable<LitellmRow[]>;
  hasRows(table: string): Promise<boolean>;
}

const BATCH = 500;

/**
 * Reads and writes nothing there. Throws database_unavailable when it cannot be reached, without the address in it.
 * `schema`: where the tables are.
 */
export async function readLitellm<T>(
  { url, schema }: { url: string; schema: string },
  work: (source: LitellmSource) => Promise<T>,
): Promise<T> {
  return readSnapshot(url, async (trx) => {
    const tables = await listTables(trx, schema);
    let cursors = 0;

    async function* fetchAll(query: string): AsyncGenerator<LitellmRow[]> {
      const cursor = `latchkey_${++cursors}`;
      await run(trx, `declare ${cursor} no scroll cursor for ${query}`);
      for (;;) {
        const rows = await run<{ row: unknown; place: number | null }>(trx, `fetch ${BATCH} from ${cursor}`);
        const batch = rows.map(({ row, place }) => ({ values: isJsonObject(row) ? row : {}, place: place ?? 1 }));
        if (batch.length > 0) yield batch;
        if (rows.length < BATCH) break;
      }
      await run(trx, `close ${cursor}`);
    }

    return work({
      tables,
      read: (table) => fetchAll(buildTableQuery(schema, table, tables)),
      readTeamMembers: () => fetchAll(buildMemberQuery(schema, tables)),
      async hasRows(table) {
        const rows = await run<{ found: boolean }>(trx, `select exists(select 1 from ${at(schema, table)}) as found`);
        return rows[0]?.found === true;
      },
    });
  });
}

async function run<R>(trx: Transaction<Database>, text: string, values: unknown[] = []): Promise<R[]> {
  return (await trx.executeQuery<R>(CompiledQuery.raw(text, values))).rows;
}

async function listTables(trx: Transaction<Database>, schema: string): Promise<Map<string, Set<string>>> {
  const rows = await run<{ table_name: string; column_name: string }>(
    trx,
    `select table_name, column_name from information_schema.columns
     where table_schema = $1 and table_name like 'LiteLLM%' order by table_name, ordinal_position`,
    [schema],
  );
  const tables = new Map<string, Set<string>>();
  for (const { table_name: table, column_name: column } of rows) {
    tables.set(table, (tables.get(table) ?? new Set()).add(column));
  }
  return tables;
}

function at(schema: string, table: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

function buildTableQuery(schema: string, { name, key, unique }: LitellmTable, tables: LitellmSource['tables']): string {
  const columns = tables.get(name) ?? new Set();
  const order = key.filter((column) => columns.has(column)).map((column) => `t.${quoteIdentifier(column)}`);
  const isUnique = unique !== undefined && columns.has(unique.column);
  // The oldest keeps what several have.
  const ages = [...(columns.has('created_at') ? ['t.created_at nulls last'] : []), ...order];
  const same = isUnique ? `t.${quoteIdentifier(unique.column)}` : '';
  const place = isUnique
    ? `row_number() over (partition by ${unique.ignoreCase ? `lower(${same})` : same} order by ${ages.join(', ')})`
    : '1';
  return `select to_jsonb(t)${buildExtras(schema, name, tables)} as row, ${place} as place
    from ${at(schema, name)} as t${buildJoins(schema, name, tables)} order by ${order.join(', ')}`;
}

const KEYS = 'LiteLLM_VerificationToken';
const PREVIOUS_SECRETS = 'LiteLLM_DeprecatedVerificationToken';
const WINDOW_SPENDS = 'LiteLLM_BudgetWindowSpend';
/** Who has several budgets at once there: table → how its rows are called where their spends are kept. */
const WINDOW_OWNERS: Readonly<Record<string, { type: string; id: string }>> = {
  [KEYS]: { type: 'key', id: 'token' },
  LiteLLM_TeamTable: { type: 'team', id: 'team_id' },
};

/**
 * What LiteLLM keeps of a row in other tables: a team's model aliases, when the window of a linked budget row ends, what has
 * been spent of `budget_limits`, and the secrets that a key had before.
 */
function buildExtras(schema: string, name: string, tables: LitellmSource['tables']): string {
  const columns = tables.get(name);
  const aliases =
    name === 'LiteLLM_TeamTable' && tables.has('LiteLLM_ModelTable') && columns?.has('model_id')
      ? ` || jsonb_build_object('model_aliases', (select coalesce(to_jsonb(m) -> 'aliases', to_jsonb(m) -> 'model_aliases')
          from ${at(schema, 'LiteLLM_ModelTable')} as m where m.id = t.model_id))`
      : '';
  const linked = columns?.has('budget_id') ? buildLinkedReset(schema, 't', tables) : '';
  const previous = hasPreviousSecrets(name, tables)
    ? ` || jsonb_build_object('previous_secrets', previous.secrets)`
    : '';
  return aliases + linked + buildWindowSpends(schema, name, tables) + previous;
}

/** The latest window of a length comes last. */
function buildWindowSpends(schema: string, name: string, tables: LitellmSource['tables']): string {
  const owner = WINDOW_OWNERS[name];
  if (owner === undefined || !tables.has(WINDOW_SPENDS)) return '';
  return ` || jsonb_build_object('window_spends', (select jsonb_agg(to_jsonb(w) order by w.window_start)
    from ${at(schema, WINDOW_SPENDS)} as w where w.entity_type = '${owner.type}' and w.entity_id = t.${owner.id}))`;
}

function hasPreviousSecrets(name: string, tables: LitellmSource['tables']): boolean {
  return name === KEYS && tables.has(PREVIOUS_SECRETS);
}

/** Gathered once and not for each key, since the table has no index by key. A key's own secret goes before them all. */
function buildJoins(schema: string, name: string, tables: LitellmSource['tables']): string {
  if (!hasPreviousSecrets(name, tables)) return '';
  const newest = tables.get(PREVIOUS_SECRETS)?.has('created_at') ? 'd.created_at desc nulls last, ' : '';
  return ` left join (
      select d.active_token_id, jsonb_agg(to_jsonb(d) order by ${newest}d.revoke_at desc, d.token) as secrets
      from ${at(schema, PREVIOUS_SECRETS)} as d
      where not exists (select 1 from ${at(schema, KEYS)} as k where k.token = d.token) group by d.active_token_id
    ) as previous on previous.active_token_id = t.token`;
}

function buildLinkedReset(schema: string, row: string, tables: LitellmSource['tables']): string {
  if (!tables.get('LiteLLM_BudgetTable')?.has('budget_reset_at')) return '';
  return ` || jsonb_build_object('linked_reset_at', (select b.budget_reset_at
    from ${at(schema, 'LiteLLM_BudgetTable')} as b where b.budget_id = ${row}.budget_id))`;
}

/** What the budget row of a membership says of that person alone. */
function buildLinkedGrants(schema: string, row: string, tables: LitellmSource['tables']): string {
  const columns = tables.get('LiteLLM_BudgetTable');
  const grants = ['allowed_models', 'temp_budget_increase', 'temp_budget_expiry'].filter((name) => columns?.has(name));
  const pairs = grants.map(
    (name) => `'linked_${name}', (select b.${name} from ${at(schema, 'LiteLLM_BudgetTable')} as b
      where b.budget_id = ${row}.budget_id)`,
  );
  return pairs.length === 0 ? '' : ` || jsonb_build_object(${pairs.join(', ')})`;
}

/**
 * One row a person and team, with `listed`: whether the team's own list has it. The list may name people by their address
 * only, and an old one may be spread over `admins` and `members`.
 */
function buildMemberQuery(schema: string, tables: LitellmSource['tables']): string {
  const teams = tables.get('LiteLLM_TeamTable') ?? new Set();
  const parts = ['select null::text as team_id, null::text as user_id, null::text as role, true as listed where false'];
  const users = tables.get('LiteLLM_UserTable');
  if (teams.has('members_with_roles')) {
    const byAddress = users?.has('user_email')
      ? `(select u.user_id from ${at(schema, 'LiteLLM_UserTable')} as u
          where lower(u.user_email) = lower(m.value ->> 'user_email') order by u.user_id limit 1)`
      : 'null::text';
    parts.push(`select t.team_id, coalesce(nullif(m.value ->> 'user_id', ''), ${byAddress}, 'address: ' || (m.value ->> 'user_email')),
        m.value ->> 'role', true
      from ${at(schema, 'LiteLLM_TeamTable')} as t, jsonb_array_elements(
        case jsonb_typeof(to_jsonb(t.members_with_roles)) when 'array' then to_jsonb(t.members_with_roles) else '[]'::jsonb end
      ) as m where jsonb_typeof(m.value) = 'object'`);
  }
  for (const [column, role] of [
    ['admins', 'admin'],
    ['members', 'user'],
  ] as const) {
    if (!teams.has(column)) continue;
    parts.push(`select t.team_id, unnest(t.${column}), '${role}', true from ${at(schema, 'LiteLLM_TeamTable')} as t`);
  }
  const places = tables.get('LiteLLM_TeamMembership');
  if (places !== undefined) {
    parts.push(`select p.team_id, p.user_id, null, false from ${at(schema, 'LiteLLM_TeamMembership')} as p`);
  }
  const place =
    places === undefined
      ? `'{}'::jsonb`
      : `coalesce((select to_jsonb(p)${buildLinkedReset(schema, 'p', tables)}${buildLinkedGrants(schema, 'p', tables)}
          from ${at(schema, 'LiteLLM_TeamMembership')} as p
          where p.team_id = n.team_id and p.user_id = n.user_id limit 1), '{}'::jsonb)`;
  return `select ${place} || jsonb_build_object('team_id', n.team_id, 'user_id', n.user_id, 'role', n.role, 'listed', n.listed) as row,
      1 as place
    from (
      select team_id, user_id, bool_or(listed) as listed,
        coalesce(max(role) filter (where role = 'admin'), max(role)) as role
      from (${parts.join(' union all ')}) as named where user_id is not null group by team_id, user_id
    ) as n order by n.team_id, n.user_id`;
}
