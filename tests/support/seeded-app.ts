// A gateway over a database that has owners in it, and a second look into that database.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OpenStorage, openStorage } from '../../src/storage/open-storage.ts';
import type { WriteUnit } from '../../src/storage/owners/owner-storage.ts';
import { callGateway } from './call-gateway.ts';
import { startTestApp, type TestApp, type TestAppOptions } from './compose-for-test.ts';

export interface SeededApp extends TestApp {
  /** As another process sees the database. */
  storage: OpenStorage;
  /** Dollars in each of these counters, in order, once everything is billed. */
  balancesOf(counters: readonly string[]): Promise<number[]>;
}

/** `seed` writes rows before the gateway starts. SQLite in a file, unless `databaseUrl` says otherwise. */
export async function startSeededApp(
  seed: (unit: WriteUnit) => Promise<void>,
  options: TestAppOptions = {},
): Promise<SeededApp> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-seeded-'));
  const databaseUrl = options.databaseUrl ?? join(folder, 'latchkey.db');
  const storage = await openStorage({ url: databaseUrl, nowMs: options.nowMs ?? Date.now, poolSize: 2 });
  await storage.transact(seed);
  const app = await startTestApp({ ...options, databaseUrl });
  return {
    ...app,
    storage,
    async balancesOf(counters) {
      // A report waits until the ledger has everything.
      await callGateway(app, 'GET /spend/logs');
      const balances = await storage.spend.balances(counters);
      return counters.map((counter) => (balances.get(counter) ?? 0) / 1e9);
    },
    async close() {
      await app.close();
      await storage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
