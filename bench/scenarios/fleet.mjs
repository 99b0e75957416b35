// A large fleet: what an administrator's pages cost with a million keys and ten million calls behind them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FULL_FLEET, fillFleet } from '../fill-fleet.mjs';
import { startFleetDatabase } from '../fleet-database.mjs';
import { measureFleet, summarizeFleet } from '../fleet-pages.mjs';
import { seedFleet } from '../seed-fleet.mjs';
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
  async run({ quick, log }) {
    const size = quick ? QUICK_FLEET : FULL_FLEET;
    log('  sqlite');
    const sqlite = await measure('sqlite', size, quick ? 1 : SAMPLES, log);
    log('  postgres');
    const postgres = await measure('postgres', size, quick ? 1 : SAMPLES, log);
    return summarizeFleet(size, { sqlite, postgres });
  },
};

/**
 * @param {'sqlite' | 'postgres'} dialect
 * @param {import('../fill-fleet.mjs').FleetSize} size
 * @param {number} samples
 * @param {(line: string) => void} log
 */
async function measure(dialect, size, samples, log) {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-bench-fleet-'));
  const database = await startFleetDatabase(dialect);
  try {
    const nowMs = Date.now();
    const callers = await seedFleet(dataDir, database.url);
    const connection = await database.connect(dataDir);
    await fillFleet(connection, dialect, size, nowMs, log);
    await connection.close();
    const gateway = await startGateway(1, { dataDir, key: null, databaseUrl: database.url, mock: true });
    const measured = await measureFleet(
      { port: gateway.port, masterKey: gateway.key, callers },
      size,
      nowMs,
      samples,
      log,
    );
    await gateway.stop();
    return measured;
  } finally {
    await database.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
