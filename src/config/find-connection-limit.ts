import { isPostgres } from './choose-workers.ts';

/** Reading and writing wait for each other on less. */
const LEAST = 2;
const MOST = 1_000;

/** The `connection_limit` that an address has for Prisma, LiteLLM's client, brought into bounds; null: none. */
export function findConnectionLimit(databaseUrl: string | null): number | null {
  if (databaseUrl === null || !isPostgres(databaseUrl)) return null;
  const query = new URLSearchParams(databaseUrl.split('?').slice(1).join('?'));
  const limit = Number(query.get('connection_limit') ?? Number.NaN);
  return Number.isSafeInteger(limit) && limit > 0 ? Math.min(Math.max(limit, LEAST), MOST) : null;
}
