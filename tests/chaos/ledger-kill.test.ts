// A process that keeps the bill is killed at random moments: nothing that it acknowledged may be lost or doubled.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkLedger } from '../../src/ledger/check-ledger.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { openStorage } from '../../src/storage/open-storage.ts';

const ROUNDS = 10;
const CHILD = fileURLToPath(new URL('./ledger-child.mjs', import.meta.url));
const logger = { info() {}, warn() {}, error() {} };

/** Starts a child, kills it a little after the first bill that it says is safe, and returns what it said. */
async function runAndKill(directory: string, url: string, prefix: string, lifeMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, directory, url, prefix], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complained = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (complained += chunk));
  const ended = once(child, 'close');
  while (!/^settle .*\n/m.test(said) && child.exitCode === null && child.signalCode === null) {
    await Promise.race([once(child.stdout, 'data'), ended]);
  }
  setTimeout(() => child.kill('SIGKILL'), lifeMs);
  const [, signal] = await ended;
  expect({ signal, complained }).toEqual({ signal: 'SIGKILL', complained: '' });
  // The last line may be cut off.
  return said.split('\n').slice(0, -1);
}

test('whatever was acknowledged before kill -9 is in the ledger afterwards, exactly once', async () => {
  const root = mkdtempSync(join(tmpdir(), 'latchkey-kill-'));
  const directory = join(root, 'journal');
  const url = join(root, 'latchkey.db');
  const storage = await openStorage({ url, nowMs: Date.now, poolSize: 2 });
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const said = await runAndKill(directory, url, `round${round}`, Math.floor(Math.random() * 60));
      // Every other time it is the next child that recovers.
      if (round % 2 === 0 && round < ROUNDS - 1) continue;
      const { ledger, recovery } = await openLedger({
        directory,
        database: storage.writes,
        dialect: storage.dialect,
        fsync: false,
        nowMs: Date.now,
        logger,
      });
      expect(recovery).toMatchObject({ pending: 0, unreadable: 0 });
      await ledger.close();

      const rows = await storage.reads.selectFrom('spend_logs').select(['request_id', 'status']).execute();
      const statuses = new Map(rows.map((row) => [row.request_id, row.status]));
      const settled = said.filter((line) => line.startsWith('settle ')).map((line) => line.slice('settle '.length));
      const opened = said.filter((line) => line.startsWith('open ')).map((line) => line.slice('open '.length));
      expect(settled.length).toBeGreaterThan(0);
      expect(settled.filter((id) => statuses.get(id) !== 'success')).toEqual([]);
      expect(opened.filter((id) => !statuses.has(id))).toEqual([]);
    }
    const check = await checkLedger(storage.reads, storage.dialect);
    expect(check.differences).toEqual([]);
    expect(check.calls).toBeGreaterThan(0);
    const charged = await storage.reads.selectFrom('balances').select('nano_usd').execute();
    for (const { nano_usd: nanoUsd } of charged) expect(nanoUsd).toBe(check.spendNanoUsd);
  } finally {
    await storage.close();
    rmSync(root, { recursive: true, force: true });
  }
}, 60_000);
