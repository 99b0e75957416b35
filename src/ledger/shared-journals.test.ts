import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openStorage } from '../storage/open-storage.ts';
import { openSharedJournal } from './shared-journals.ts';

const root = mkdtempSync(join(tmpdir(), 'latchkey-journals-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('each process of a directory has a journal of its own, and one that is free is taken again', async () => {
  const storage = await openStorage({ url: ':memory:', nowMs: Date.now, poolSize: 1 });
  const open = () =>
    openSharedJournal({
      dataDir: root,
      database: storage.writes,
      dialect: storage.dialect,
      fsync: false,
      nowMs: Date.now,
      logger: { info() {}, warn() {}, error() {} },
    });
  const first = await open();
  const second = await open();
  expect(existsSync(join(root, 'journal'))).toBe(true);
  expect(existsSync(join(root, 'journal-2'))).toBe(true);
  await first.takeOver();
  await first.ledger.close();
  const third = await open();
  expect(existsSync(join(root, 'journal-3'))).toBe(false);
  await second.ledger.close();
  await third.ledger.close();
  await storage.close();
});
