import { fileURLToPath } from 'node:url';

/** Where the database is: a SQLite file (or ':memory:'), or a PostgreSQL connection string. */
export type DatabaseAddress = { dialect: 'sqlite'; file: string } | { dialect: 'postgres'; url: string };

const SCHEME = /^([a-z][a-z0-9+]+):/i;

/**
 * Reads `sqlite:///path`, `file:…`, a plain path, `:memory:`, or `postgres://…`. Throws on other schemes, naming the
 * scheme only, since the rest may hold a password.
 */
export function parseDatabaseAddress(url: string): DatabaseAddress {
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return { dialect: 'sqlite', file: url };
    case 'postgres':
    case 'postgresql':
      return { dialect: 'postgres', url };
    case 'sqlite':
      return { dialect: 'sqlite', file: url.slice('sqlite:'.length).replace(/^\/\//, '') };
    case 'file':
      return { dialect: 'sqlite', file: url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length) };
    default:
      throw new Error(`A database address starts with sqlite:, file: or postgres:, not with ${scheme}:`);
  }
}
