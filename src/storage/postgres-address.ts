/** Addresses of PostgreSQL as people have them: with what Prisma, LiteLLM's client, adds, and with `sslmode` as libpq means it. */

/** What only Prisma knows. `connection_limit` counts all the same: see config/find-connection-limit.ts. */
const PRISMA_ONLY = [
  'schema',
  'connection_limit',
  'pool_timeout',
  'pgbouncer',
  'statement_cache_size',
  'connect_timeout',
  'socket_timeout',
  'sslaccept',
];

/** The address without Prisma's options, and the schema that they name; null: none. */
export function splitPrismaOptions(address: string): { url: string; schema: string | null } {
  const { base, query } = split(address);
  const schema = query.get('schema');
  if (!PRISMA_ONLY.some((name) => query.has(name))) return { url: address, schema: null };
  for (const name of PRISMA_ONLY) query.delete(name);
  return { url: join(base, query), schema: schema === '' ? null : schema };
}

/**
 * The same address in node-postgres' words. A schema becomes the search path. Without this `sslmode=require` would ask for a
 * certificate that Node.js trusts, which PostgreSQL's own programs ask for with `verify-full`, and `allow` for TLS.
 */
export function toNodePostgres(address: string): string {
  const { url, schema } = splitPrismaOptions(address);
  const { base, query } = split(url);
  if (schema === null && !query.has('sslmode')) return url;
  if (schema !== null) {
    const given = query.get('options');
    query.set('options', `${given === null ? '' : `${given} `}-c search_path=${escapeOption(quoteIdentifier(schema))}`);
  }
  translateSslMode(query);
  return join(base, query);
}

function translateSslMode(query: URLSearchParams): void {
  const mode = query.get('sslmode');
  if (mode === 'allow') query.set('sslmode', 'disable');
  // Without a certificate to go by, those that Node.js trusts: stricter, where libpq would look for a file of its own.
  else if (mode === 'verify-ca' && !query.has('sslrootcert')) query.set('sslmode', 'verify-full');
  else if (mode === 'prefer' || mode === 'require' || mode === 'verify-ca') query.set('uselibpqcompat', 'true');
}

/** By hand: an address without a host (`postgresql:///db?host=/run/postgresql`, with a user) is no URL to `URL`. */
function split(address: string): { base: string; query: URLSearchParams } {
  const at = address.indexOf('?');
  return at === -1
    ? { base: address, query: new URLSearchParams() }
    : { base: address.slice(0, at), query: new URLSearchParams(address.slice(at + 1)) };
}

function join(base: string, query: URLSearchParams): string {
  return query.size === 0 ? base : `${base}?${query}`;
}

/** A name as PostgreSQL reads it in a statement, whatever is in it. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The server splits `options` at spaces. */
function escapeOption(value: string): string {
  return value.replace(/[\\\s]/g, (character) => `\\${character}`);
}
