import type { Migration } from 'kysely';
import type { DialectName } from '../database.ts';
import { createKeys } from './0001-keys.ts';
import { createHistory } from './0002-history.ts';
import { createSpend } from './0003-spend.ts';
import { createOwners } from './0004-owners.ts';
import { createModels } from './0009-models.ts';

/** Every step from an empty database to the present one, by name, in the order of the names. Released ones never change. */
export function buildMigrations(dialect: DialectName): Record<string, Migration> {
  return {
    '0001-keys': { up: (db) => createKeys(db, dialect) },
    '0002-history': { up: (db) => createHistory(db, dialect) },
    '0003-spend': { up: (db) => createSpend(db, dialect) },
    '0004-owners': { up: (db) => createOwners(db, dialect) },
    '0009-models': { up: (db) => createModels(db, dialect) },
  };
}
