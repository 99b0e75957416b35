import { splitPrismaOptions } from '../storage/postgres-address.ts';

export interface LitellmAddress {
  url: string;
  /** Where the tables are. */
  schema: string;
  /** Host, port and database, to be shown. */
  shown: string;
}

/** The address of a LiteLLM database as its DATABASE_URL has it. Null: it is none. */
export function parseLitellmAddress(text: string): LitellmAddress | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') return null;
  const { url: own, schema } = splitPrismaOptions(text);
  const host = url.host === '' ? (url.searchParams.get('host') ?? 'localhost') : url.host;
  return { url: own, schema: schema ?? 'public', shown: `${host}${url.pathname}` };
}
