// A large fleet: what an administrator's pages cost with a million keys and ten million calls behind them.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FULL_FLEET } from '../fill-fleet.mjs';
import { startFleetDatabase } from '../fleet-database.mjs';
import { measureFleet, summarizeFleet } from '../fleet-pages.mjs';
import { provideFleet } from '../provide-fleet.mjs';
import { startGateway } from '../targets.mjs';

const SAMPLES = 5;
const QUICK_FLEET = {
  ...FULL_FLEET,
  keys: 20_000,
  teams: 500,
  users: 2_000,
  spendRows: 100_000,
  auditRows: 20_000,
  endUsers: 1_000,
};

/** @type {import('../run.mjs').Scenario} */
export const fleet = {
  name: 'fleet',
  aliases: [],
  title: 'Pages of a large fleet',
  async run({ quick, fleet: folder, log }) {
    const size = quick ? QUICK_FLEET : FULL_FLEET;
    const samples = quick ? 1 : SAMPLES;
    log('  sqlite');
    const sqlite = await measure('sqlite', size, samples, folder, log);
    log('  postgres');
    const postgres = await measure('postgres', size, samples, folder, log);
    return summarizeFleet(size, { sqlite, postgres });
  },
};

/**
 * @param {'sqlite' | 'postgres'} dialect
 * @param {import('../fill-fleet.mjs').FleetSize} size
 * @param {number} samples
 * @param {string | null} kept A folder whose fleets are used as they are, and that keeps those that had to be filled.
 * @param {(line: string) => void} log
 */
async function measure(dialect, size, samples, kept, log) {
  const folder = kept === null ? mkdtempSync(join(tmpdir(), 'latchkey-bench-fleet-')) : join(kept, dialect);
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { recursive: true });
  // The server's user has to reach its data, which nobody else can read.
  chmodSync(folder, 0o711);
  const database = await startFleetDatabase(dialect, kept === null ? null : folder);
  try {
    const { nowMs, callers } = await provideFleet(dialect, size, folder, database, log);
    const gateway = await startGateway(1, { dataDir, key: null, databaseUrl: database.url, mock: true });
    const asked = { port: gateway.port, masterKey: gateway.key, callers };
    const measured = await measureFleet(asked, size, nowMs, samples, log);
    await gateway.stop();
    return measured;
  } finally {
    await database.stop();
    if (kept === null) rmSync(folder, { recursive: true, force: true });
  }
}
