export interface LitellmAddress {
  url: string;
  /** Where the tables are. */
  schema: string;
  /** Host, port and database, to be shown. */
  shown: string;
}

/** Options that only Prisma knows, with which LiteLLM's addresses are often written. */
const PRISMA_ONLY = [
  'schema',
  'connection_limit',
  'pool_timeout',
  'pgbouncer',
  'statement_cache_size',
  'connect_timeout',
];

/** The address of a LiteLLM database as its DATABASE_URL has it. Null: it is none. */
export function parseLitellmAddress(text: string): LitellmAddress | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') return null;
  const schema = url.searchParams.get('schema') ?? 'public';
  for (const name of PRISMA_ONLY) url.searchParams.delete(name);
  const host = url.host === '' ? (url.searchParams.get('host') ?? 'localhost') : url.host;
  return { url: url.href, schema, shown: `${host}${url.pathname}` };
}
