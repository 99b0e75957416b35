import { sql } from 'kysely';
import type { DialectName } from '../database.ts';

/**
 * Text that both databases order alike, byte by byte, whatever the locale of the PostgreSQL server is. Its indexes then
 * also survive a change of the server's locale library.
 */
export function textType(dialect: DialectName) {
  return dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
}
