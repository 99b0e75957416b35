import { setTimeout as sleep } from 'node:timers/promises';
import { databaseUnavailable } from './database-unavailable.ts';

const PATIENCE_MS = 2_000;
const LOOK_EVERY_MS = 50;

/**
 * For whoever is about to ask a database that may be known not to answer: undefined where it does; else resolves should it
 * answer again within two seconds, and rejects with database_unavailable when it does not. Without this, a question to a
 * server that stands still takes as long as a statement may.
 */
export function whenReachable(isCutOff: () => boolean, patienceMs = PATIENCE_MS): Promise<void> | undefined {
  return isCutOff() ? waitFor(isCutOff, performance.now() + patienceMs) : undefined;
}

async function waitFor(isCutOff: () => boolean, deadline: number): Promise<void> {
  while (isCutOff()) {
    if (performance.now() >= deadline) throw databaseUnavailable();
    await sleep(LOOK_EVERY_MS);
  }
}
