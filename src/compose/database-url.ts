import { join } from 'node:path';
import type { Config } from '../config/config.ts';

/** Where the database is: as configured, else a SQLite file beside the other data. */
export function databaseUrlOf(config: Config): string {
  return config.databaseUrl ?? join(config.server.dataDir, 'latchkey.sqlite');
}
