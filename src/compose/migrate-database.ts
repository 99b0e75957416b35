import { mkdirSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { getSaltKeys } from '../config/salt-file.ts';
import { createAuditSeal } from '../core/audit-seal.ts';
import { type MigrationReport, migrate } from '../storage/migrate.ts';
import { databasePasswordOf, databaseUrlOf } from './database-url.ts';

/** Brings the configured database, made where there is none, to this version's tables. For `latchkey migrate`. */
export async function migrateDatabase(config: Config): Promise<MigrationReport> {
  mkdirSync(config.server.dataDir, { recursive: true, mode: 0o700 });
  // The audit rows that are there are vouched for when they become a chain.
  const { current, earlier } = await getSaltKeys(config);
  return migrate(databaseUrlOf(config), createAuditSeal(current, earlier), databasePasswordOf(config));
}
