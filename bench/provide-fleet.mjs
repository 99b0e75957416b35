// A filled fleet: the one that a folder holds, or a new one.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillFleet } from './fill-fleet.mjs';
import { seedFleet } from './seed-fleet.mjs';
import { migrate } from './targets.mjs';

/**
 * The fleet of this folder. One that is there is only brought to the tables of this version, which may take minutes.
 *
 * @param {'sqlite' | 'postgres'} dialect
 * @param {import('./fill-fleet.mjs').FleetSize} size
 * @param {string} folder
 * @param {import('./fleet-database.mjs').FleetDatabase} database
 * @param {(line: string) => void} log
 * @returns {Promise<{ nowMs: number, callers: Awaited<ReturnType<typeof seedFleet>> }>} `nowMs`: of the newest call.
 */
export async function provideFleet(dialect, size, folder, database, log) {
  const dataDir = join(folder, 'data');
  const note = join(folder, 'fleet.json');
  if (existsSync(note)) {
    const { size: filled, ...found } = JSON.parse(readFileSync(note, 'utf8'));
    if (JSON.stringify(filled) !== JSON.stringify(size)) throw new Error(`${folder} holds a fleet of another size`);
    await migrate(dataDir, database.url);
    return found;
  }
  const nowMs = Date.now();
  const callers = await seedFleet(dataDir, database.url);
  const connection = await database.connect(dataDir);
  await fillFleet(connection, dialect, size, nowMs, log);
  await connection.close();
  writeFileSync(note, JSON.stringify({ size, nowMs, callers }), { mode: 0o600 });
  return { nowMs, callers };
}
