// Fills a stopped installation with the calls of one day long ago, past the API, which dates every call by itself.

export const DAY_MS = 86_400_000;

/**
 * Copies the one call that the installation holds. On PostgreSQL the day gets its table, as it would have had then.
 *
 * @param {import('./fill-fleet.mjs').Connection} db
 * @param {'sqlite' | 'postgres'} dialect
 * @param {number} dayMs
 * @param {number} rows
 */
export async function fillExpiredDay(db, dialect, dayMs, rows) {
  const own = {
    request_id: `'expired-' || i`,
    response_id: `'chatcmpl-expired-' || i`,
    started_at_ms: `${dayMs} + (i * ${Math.floor(DAY_MS / rows)})`,
  };
  const columns = (await db.all('select * from spend_logs limit 1')).flatMap((row) => Object.keys(row));
  const names = columns.filter((column) => column !== 'seq');
  const values = names.map((column) => /** @type {Record<string, string>} */ (own)[column] ?? `pattern.${column}`);
  const numbers =
    dialect === 'postgres'
      ? `generate_series(1::bigint, ${rows}) as n(i)`
      : `(with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows}) select i from n) as n`;
  if (dialect === 'postgres') await addDay(db, dayMs);
  await db.run('create table expired_pattern as select * from spend_logs limit 1');
  await db.run(
    `insert into spend_logs (${names.join(', ')}) select ${values.join(', ')}
       from ${numbers} cross join expired_pattern as pattern`,
  );
  await db.run('drop table expired_pattern');
  if (dialect === 'postgres') await db.run('vacuum analyze spend_logs');
}

/**
 * @param {import('./fill-fleet.mjs').Connection} db
 * @param {number} dayMs
 */
async function addDay(db, dayMs) {
  const name = `spend_logs_${new Date(dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
  await db.run(`create table ${name} (like spend_logs including defaults including storage)`);
  await db.run(`create unique index ${name}_request_id on ${name} (request_id)`);
  await db.run(`alter table spend_logs attach partition ${name} for values from (${dayMs}) to (${dayMs + DAY_MS})`);
}
