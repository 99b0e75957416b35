import type { Migration } from 'kysely';
import type { AuditSeal } from '../../core/audit-seal.ts';
import type { DialectName } from '../database.ts';
import { createKeys } from './0001-keys.ts';
import { createHistory } from './0002-history.ts';
import { createSpend } from './0003-spend.ts';
import { createOwners } from './0004-owners.ts';
import { extendKeys } from './0006-keys.ts';
import { chainAudit } from './0007-audit.ts';
import { createSessions } from './0008-sessions.ts';
import { createModels } from './0009-models.ts';
import { createSpendRecords } from './0010-spend-records.ts';
import { indexLists } from './0011-lists.ts';
import { countSecretUse } from './0012-secret-use.ts';
import { createProcesses } from './0013-processes.ts';
import { createCounters } from './0014-counters.ts';
import { scheduleKeyRotation } from './0017-key-rotation.ts';
import { groupKeys } from './0018-key-groups.ts';
import { createAlerts } from './0022-alerts.ts';
import { extendDailySums } from './0023-daily-tags.ts';
import { keepExpiredCalls } from './0024-expired-calls.ts';
import { splitCallsByDay } from './0025-daily-partitions.ts';
import { gatherKeyFacts } from './0026-key-facts.ts';
import { widenResponseParts } from './0027-wider-response-parts.ts';
import { classifySpend } from './0028-spend-classes.ts';
import { countKeys } from './0029-key-counts.ts';
import { countKeysTogether } from './0030-count-together.ts';
import { limitMemberModels } from './0031-member-models.ts';

/**
 * Every step from an empty database to the present one, by name, in the order of the names. Released ones never change.
 * `seal` vouches for the audit rows that are there already; null: nothing does.
 */
export function buildMigrations(dialect: DialectName, seal: AuditSeal | null = null): Record<string, Migration> {
  return {
    '0001-keys': { up: (db) => createKeys(db, dialect) },
    '0002-history': { up: (db) => createHistory(db, dialect) },
    '0003-spend': { up: (db) => createSpend(db, dialect) },
    '0004-owners': { up: (db) => createOwners(db, dialect) },
    '0006-keys': { up: (db) => extendKeys(db, dialect) },
    '0007-audit': { up: (db) => chainAudit(db, dialect, seal) },
    '0008-sessions': { up: (db) => createSessions(db, dialect) },
    '0009-models': { up: (db) => createModels(db, dialect) },
    '0010-spend-records': { up: (db) => createSpendRecords(db, dialect) },
    '0011-lists': { up: (db) => indexLists(db, dialect) },
    '0012-secret-use': { up: (db) => countSecretUse(db, dialect) },
    '0013-processes': { up: (db) => createProcesses(db, dialect) },
    '0014-counters': { up: (db) => createCounters(db, dialect) },
    '0017-key-rotation': { up: scheduleKeyRotation },
    '0018-key-groups': { up: (db) => groupKeys(db, dialect) },
    '0022-alerts': { up: (db) => createAlerts(db, dialect) },
    '0023-daily-tags': { up: (db) => extendDailySums(db, dialect) },
    '0024-expired-calls': { up: (db) => keepExpiredCalls(db, dialect) },
    '0025-daily-partitions': { up: (db) => splitCallsByDay(db, dialect) },
    '0026-key-facts': { up: (db) => gatherKeyFacts(db, dialect) },
    '0027-wider-response-parts': { up: (db) => widenResponseParts(db, dialect) },
    '0028-spend-classes': { up: (db) => classifySpend(db, dialect) },
    '0029-key-counts': { up: (db) => countKeys(db, dialect) },
    '0030-count-together': { up: (db) => countKeysTogether(db, dialect) },
    '0031-member-models': { up: limitMemberModels },
  };
}
