import { mkdirSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { type MigrationReport, migrate } from '../storage/migrate.ts';
import { databaseUrlOf } from './database-url.ts';

/** Brings the configured database, made where there is none, to this version's tables. For `latchkey migrate`. */
export async function migrateDatabase(config: Config): Promise<MigrationReport> {
  if (config.databaseUrl === null) mkdirSync(config.server.dataDir, { recursive: true, mode: 0o700 });
  return migrate(databaseUrlOf(config));
}
