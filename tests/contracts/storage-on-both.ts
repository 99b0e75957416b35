// Storage on a SQLite file and on PostgreSQL, empty for each test file, with a clock that the test moves.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { NOW_MS } from '../../src/storage/__fixtures__/rows.ts';
import { type OpenStorage, openStorage, type StorageOptions } from '../../src/storage/open-storage.ts';
import { createTestDatabase } from '../support/postgres.ts';

export interface Bench {
  url: string;
  storage: OpenStorage;
  /** What storage takes for now; starts at NOW_MS. */
  nowMs: number;
  /** A second process, as far as storage can tell. */
  openAnother(options?: Partial<StorageOptions>): Promise<OpenStorage>;
}

/**
 * Runs the same tests on both databases. The bench is there from the first hook on, not while tests are collected.
 * `options`: for the storage that is opened first.
 */
export function onBothDatabases(
  subject: string,
  defineTests: (bench: Bench) => void,
  options: Partial<StorageOptions> = {},
): void {
  describe.each(['sqlite', 'postgres'] as const)(`${subject} on %s`, (dialect) => {
    const bench = { nowMs: NOW_MS } as Bench;
    const opened: OpenStorage[] = [];
    let drop: () => Promise<void> | void;

    bench.openAnother = async (options = {}) => {
      const storage = await openStorage({ url: bench.url, nowMs: () => bench.nowMs, poolSize: 8, ...options });
      opened.push(storage);
      return storage;
    };

    beforeAll(async () => {
      if (dialect === 'sqlite') {
        const folder = mkdtempSync(join(tmpdir(), 'latchkey-storage-'));
        bench.url = join(folder, 'latchkey.db');
        drop = () => rmSync(folder, { recursive: true, force: true });
      } else {
        const database = await createTestDatabase();
        bench.url = database.url;
        drop = database.drop;
      }
      bench.storage = await bench.openAnother(options);
    });
    afterAll(async () => {
      for (const storage of opened) await storage.close();
      await drop();
    });

    defineTests(bench);
  });
}
