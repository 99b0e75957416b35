/** Work on an installation that needs no running gateway. */
import { randomBytes } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { getSaltKeys } from '../config/salt-file.ts';
import { createAuditSeal } from '../core/audit-seal.ts';
import { checkLedger, type LedgerCheck } from '../ledger/check-ledger.ts';
import { rotateMasterKey } from '../management/installation/master-key.ts';
import { type OpenStorage, openStorage } from '../storage/open-storage.ts';
import { countStaleHolds } from '../storage/stale-holds.ts';
import { databasePasswordOf, databaseUrlOf } from './database-url.ts';
import { newId } from './new-id.ts';

/** Does the ledger add up? For `latchkey doctor`, on a stopped gateway or beside a running one. */
export async function checkInstallation(config: Config): Promise<LedgerCheck> {
  const storage = await openAside(config);
  try {
    return await checkLedger(storage.reads, storage.dialect);
  } finally {
    await storage.close();
  }
}

/** Holds that nobody frees although their lease has long ended; null: they are not in this database. */
export async function countLeakedHolds(config: Config): Promise<number | null> {
  const storage = await openAside(config);
  try {
    return await countStaleHolds(storage.reads, storage.dialect);
  } finally {
    await storage.close();
  }
}

/** Replaces the installation's own master key and returns the new one, to be shown once. */
export async function replaceMasterKey(config: Config): Promise<string> {
  const storage = await openAside(config);
  try {
    const { newSecret } = await rotateMasterKey({
      settings: storage.settings,
      randomBytes: randomBytes,
      newId,
      nowMs: Date.now,
    });
    return newSecret as string;
  } finally {
    await storage.close();
  }
}

/** The configured database, made and brought up to date where needed, for work beside or without a gateway. */
export async function openAside(config: Config): Promise<OpenStorage> {
  const { current, earlier } = await getSaltKeys(config);
  return openStorage({
    url: databaseUrlOf(config),
    password: databasePasswordOf(config),
    nowMs: Date.now,
    poolSize: 1,
    auditSeal: createAuditSeal(current, earlier),
  });
}
