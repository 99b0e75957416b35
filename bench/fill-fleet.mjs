// Fills a stopped installation with a fleet, past the API, which would take days: keys, teams, users, and the spend rows
// of their calls. The one key, team, user and call that the installation holds are the pattern of all of them, so the
// rows look as the gateway itself writes them. On SQLite and on PostgreSQL, with the same statements.

/** @typedef {{ run(sql: string): Promise<void>, all(sql: string): Promise<Record<string, any>[]>, close(): Promise<void> }} Connection */
/** @typedef {{ keys: number, teams: number, users: number, spendRows: number, auditRows: number, organizations: number, endUsers: number, days: number }} FleetSize */

/** @type {FleetSize} */
export const FULL_FLEET = {
  keys: 1_000_000,
  teams: 10_000,
  users: 50_000,
  spendRows: 10_000_000,
  auditRows: 2_000_000,
  organizations: 200,
  endUsers: 100_000,
  days: 30,
};

/** Rows of one statement: large enough to be quick, small enough to say how far it is. */
const BATCH = 500_000;
const DAY_MS = 86_400_000;

/** Names by number, as text and as SQL; the numbers are scattered, or the pages of indexes would be denser than in life. */
const scatter = (/** @type {string} */ sql, /** @type {number} */ width) =>
  `pad(${sql} * 48271 % 2147483647, ${width})`;
export const keyIdSql = (/** @type {string} */ sql) => `'key_' || ${scatter(sql, 22)}`;
const name = (/** @type {number} */ index, /** @type {number} */ width) =>
  String((BigInt(index) * 48271n) % 2147483647n).padStart(width, '0');
export const keyId = (/** @type {number} */ index) => `key_${name(index, 22)}`;
export const keyHash = (/** @type {number} */ index) => name(index, 64);
export const teamId = (/** @type {number} */ index) => `team-${index}`;
export const userId = (/** @type {number} */ index) => `user-${index}`;
export const organizationId = (/** @type {number} */ index) => `org-${index}`;
export const endUserId = (/** @type {number} */ index) => `customer-${index}`;
export const requestId = (/** @type {number} */ index) => `fleet-${String(index).padStart(12, '0')}`;
export const responseId = (/** @type {number} */ index) => `chatcmpl-${name(index, 24)}`;

/**
 * @param {Connection} db
 * @param {'sqlite' | 'postgres'} dialect
 * @param {FleetSize} size
 * @param {number} nowMs The newest call.
 * @param {(line: string) => void} log
 */
export async function fillFleet(db, dialect, size, nowMs, log) {
  const { teams, users, organizations, endUsers, keys, spendRows, auditRows } = size;
  const inDialect = (/** @type {string} */ sql) =>
    dialect === 'postgres'
      ? sql.replaceAll(/pad\(([^,]+), (\d+)\)/g, "lpad(($1)::text, $2, '0')")
      : sql.replaceAll(/pad\(([^,]+), (\d+)\)/g, "printf('%0$2d', $1)");
  const numbers = (/** @type {number} */ from, /** @type {number} */ to) =>
    dialect === 'postgres'
      ? `generate_series(${from}::bigint, ${to}) as n(i)`
      : `(with recursive n(i) as (select ${from} union all select i + 1 from n where i < ${to}) select i from n) as n`;

  /**
   * Copies the pattern row of a table, with the columns that differ from row to row as SQL over its number `i`.
   *
   * @param {string} table
   * @param {string} pattern Condition that picks the pattern row.
   * @param {number} count
   * @param {Record<string, string>} own
   * @param {string} [source] Where the pattern row is, if it is another table's.
   */
  async function multiply(table, pattern, count, own, source = table) {
    const startedMs = Date.now();
    const names = await columnsOf(db, dialect, table);
    const values = names.map((column) => own[column] ?? `pattern.${column}`);
    await db.run(`create table fleet_pattern as select * from ${source} where ${pattern} limit 1`);
    const indexes = await dropIndexes(db, dialect, table);
    for (let from = 1; from <= count; from += BATCH) {
      await db.run(
        inDialect(
          `insert into ${table} (${names.join(', ')}) select ${values.join(', ')}
             from ${numbers(from, Math.min(count, from + BATCH - 1))} cross join fleet_pattern as pattern`,
        ),
      );
    }
    await db.run('drop table fleet_pattern');
    for (const index of indexes) await db.run(index);
    log(`  ${table}: ${count} rows in ${((Date.now() - startedMs) / 1_000).toFixed(1)} s`);
  }

  const teamOf = (/** @type {string} */ i) => `'team-' || (1 + ${i} % ${teams})`;
  const userOf = (/** @type {string} */ i) => `'user-' || (1 + ${i} % ${users})`;
  /** Of the team with this number. */
  const organizationOf = (/** @type {string} */ i) => `'org-' || (1 + (${i}) % ${organizations})`;
  const at = `${nowMs} - (i % ${size.days * DAY_MS})`;
  const stamps = { created_at_ms: at, updated_at_ms: at };
  // An organisation has what a team has, and its members are like a team's.
  const organization = {
    id: `'org-' || i`,
    alias: `'Org ' || i`,
    search_text: `'org-' || i || '\n' || 'org ' || i`,
    ...stamps,
  };
  await multiply('organizations', `id = 'pattern'`, organizations, organization, 'teams');
  await multiply('teams', `id = 'pattern'`, teams, {
    id: `'team-' || i`,
    alias: `'Team ' || i`,
    organization_id: organizationOf('i'),
    search_text: `'team-' || i || '\n' || 'team ' || i`,
    ...stamps,
  });
  await multiply('users', `id = 'pattern'`, users, {
    id: `'user-' || i`,
    alias: `'User ' || i`,
    email: `'user-' || i || '@example.com'`,
    search_text: `'user-' || i || '\n' || 'user ' || i || '\n' || 'user-' || i || '@example.com'`,
    ...stamps,
  });
  await multiply('team_members', `team_id = 'pattern'`, users, {
    team_id: teamOf('i'),
    user_id: `'user-' || i`,
    ...stamps,
  });
  // Two who see more than their own: one administers ten teams, the other two organisations.
  const lead = { user_id: `'team-admin'`, role: `'admin'`, team_id: `'team-' || i`, ...stamps };
  await multiply('team_members', `team_id = 'pattern'`, 10, lead);
  const boss = { user_id: `'org-admin'`, role: `'org_admin'`, organization_id: `'org-' || i`, ...stamps };
  await multiply('organization_members', `team_id = 'pattern'`, 2, boss, 'team_members');
  await multiply('keys', `alias = 'pattern'`, keys, {
    row_no: 'i + 1000',
    key_id: keyIdSql('i'),
    hash: scatter('i', 64),
    alias: `'fleet ' || i`,
    mask: `'sk-...' || pad(i % 10000, 4)`,
    user_id: userOf('i'),
    team_id: teamOf('i'),
    organization_id: organizationOf(`(1 + i % ${teams})`),
    created_by: `case when i % 10 = 0 then ${userOf('i')} else pattern.created_by end`,
    max_budget_nano_usd: 'i % 1000 * 1000000000',
    blocked: 'case when i % 50 = 0 then 1 else 0 end',
    expires_at_ms: `case when i % 3 = 0 then ${nowMs} + (i % 1000 - 300) * ${DAY_MS / 10} end`,
    last_active_at_ms: `case when i % 4 = 0 then ${nowMs} - i * 1000 end`,
    search_text: `${keyIdSql('i')} || '\n' || 'fleet ' || i`,
    // Some in a project of a hundred keys, some in one of a hundred access groups.
    extra: `case when i % 5 = 0 then '{"project_id":"project-' || (i / 5 % ${keys / 500}) || '"}'
      when i % 7 = 0 then '{"access_group_ids":["group-' || (i % 100) || '"]}' else pattern.extra end`,
    ...stamps,
  });
  await multiply('key_secrets', 'true', keys, { hash: scatter('i', 64), key_id: keyIdSql('i') });
  await multiply('key_tags', 'true', keys / 10, { key_id: keyIdSql('i * 10'), tag: `'tag-' || (i % 100)` });
  await multiply('balances', 'key_id is not null', keys, {
    counter: `'key:' || ${keyIdSql('i')} || '/spend'`,
    nano_usd: 'i * 7919 % 1000000000',
    key_id: keyIdSql('i'),
  });
  await multiply(
    'balances',
    'key_id is not null',
    users,
    { counter: `'user:user-' || i || '/spend'`, nano_usd: 'i * 7919 % 1000000000', key_id: 'null' },
    'balances',
  );
  await multiply('audit_log', `action = 'created' and object_key_id is not null`, auditRows, {
    seq: 'i + 1000000',
    id: `'fleet-audit-' || i`,
    at_ms: `${nowMs} - i * ${Math.floor((size.days * DAY_MS) / auditRows)}`,
    action: `case i % 4 when 0 then 'created' when 1 then 'deleted' else 'updated' end`,
    object_id: scatter(`(i % ${keys})`, 64),
    object_key_id: keyIdSql(`(i % ${keys})`),
    changed_by: userOf('i'),
    changed_by_hash: scatter(`(i % ${users})`, 64),
  });
  await multiplyCalls();
  // PostgreSQL does so by itself after a while. The gateway does not on SQLite, so its plans have to be good without.
  if (dialect === 'postgres') await db.run('vacuum analyze');

  /** Each with a record of its own, since the record is the greater part of a row. */
  async function multiplyCalls() {
    const [pattern] = await db.all(
      `select ${dialect === 'postgres' ? 'record' : 'json(record)'} as record from spend_logs`,
    );
    const values = typeof pattern?.record === 'string' ? JSON.parse(pattern.record) : pattern?.record;
    const key = `(i * 7919 % ${keys} + 1)`;
    const startedAt = `(${nowMs} - (${spendRows} - i) * ${Math.floor((size.days * DAY_MS) / spendRows)})`;
    const own = {
      request_id: `'fleet-' || pad(i, 12)`,
      response_id: `'chatcmpl-' || ${scatter('i', 24)}`,
      started_at_ms: startedAt,
      key_id: keyIdSql(key),
      key_hash: scatter(key, 64),
      user_id: userOf(key),
      team_id: teamOf(key),
      organization_id: organizationOf(`(1 + ${key} % ${teams})`),
      end_user: `case when i % 2 = 0 then 'customer-' || (i % ${endUsers}) end`,
      spend_nano_usd: 'case when i % 500009 = 0 then 1000000000 else i % 100000 end',
      // Two models that are called a lot and one that hardly ever is; one call of a thousand fails.
      model: `case when i % 100003 = 0 then 'rare' when i % 10 = 0 then 'second' else pattern.model end`,
      status: `case when i % 1009 = 0 then 'failure' else pattern.status end`,
    };
    const tags = `case when i % 100019 = 0 then '["rare"]' when i % 7 = 0 then '["tag-' || (i % 100) || '"]' else '[]' end`;
    /** @type {Record<number, string>} By place in the record. */
    const texts = {
      0: own.request_id,
      1: own.response_id,
      7: own.key_id,
      8: own.key_hash,
      10: own.user_id,
      11: own.team_id,
      12: own.organization_id,
      3: own.status,
      13: own.end_user,
      15: own.model,
    };
    /** @type {Record<number, string>} */
    const numbers = { 4: startedAt, 5: `(${startedAt} + 900)`, 14: `(${tags})`, 27: `(${own.spend_nano_usd})` };
    const items = values.map((/** @type {unknown} */ value, /** @type {number} */ index) => {
      if (texts[index] !== undefined) return `coalesce('"' || (${texts[index]}) || '"', 'null')`;
      return numbers[index] ?? `'${JSON.stringify(value).replaceAll("'", "''")}'`;
    });
    const text = `'[' || ${items.join(` || ',' || `)} || ']'`;
    const record = dialect === 'postgres' ? `cast(${text} as jsonb)` : `jsonb(${text})`;
    await multiply('spend_logs', 'true', spendRows, {
      ...own,
      record,
      ...(dialect === 'sqlite' ? { seq: 'i + 1000' } : {}),
    });
  }
}

/**
 * @param {Connection} db
 * @param {'sqlite' | 'postgres'} dialect
 * @param {string} table
 */
async function columnsOf(db, dialect, table) {
  const rows =
    dialect === 'sqlite'
      ? await db.all(`select name from pragma_table_info('${table}')`)
      : await db.all(
          `select column_name as name from information_schema.columns
             where table_name = '${table}' and table_schema = 'public' and is_identity = 'NO'`,
        );
  return rows.map((row) => String(row.name));
}

/**
 * Takes away the indexes that a load need not keep up, and tells how to make them again: sorted once, they are built in a
 * fraction of the time.
 *
 * @param {Connection} db
 * @param {'sqlite' | 'postgres'} dialect
 * @param {string} table
 */
async function dropIndexes(db, dialect, table) {
  const rows =
    dialect === 'sqlite'
      ? await db.all(
          `select name, sql from sqlite_master where type = 'index' and tbl_name = '${table}' and sql is not null`,
        )
      : await db.all(
          `select indexname as name, indexdef as sql from pg_indexes where schemaname = 'public' and tablename = '${table}'
             and indexname not in (select conname from pg_constraint)`,
        );
  for (const { name } of rows) await db.run(`drop index "${name}"`);
  // PostgreSQL says "only" of an index of a table in parts, whose parts are then left without.
  return rows.map(({ sql }) => String(sql).replace(' ON ONLY ', ' ON '));
}
