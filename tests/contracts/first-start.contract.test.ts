// Several processes that start for the first time at once, on one database and in one data directory.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readOrCreateSalt } from '../../src/config/salt-file.ts';
import { createAuditSeal } from '../../src/core/audit-seal.ts';
import { establishMasterKey } from '../../src/management/installation/master-key.ts';
import { openStorage } from '../../src/storage/open-storage.ts';
import { createTestDatabase } from '../support/postgres.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-first-start-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('of twenty processes that make a salt key at once, all have the same one', async () => {
  const salts = await Promise.all(Array.from({ length: 20 }, () => readOrCreateSalt(folder)));
  expect(new Set(salts).size).toBe(1);
  expect(salts[0]).toMatch(/^[\w-]{43}$/);
  expect(readdirSync(folder)).toEqual(['salt.key']);
});

test.each(['sqlite', 'postgres'])(
  'of several first starts at once on %s, one makes the master key',
  async (dialect) => {
    const database = dialect === 'postgres' ? await createTestDatabase() : null;
    const url = database?.url ?? join(folder, 'latchkey.sqlite');
    const open = () =>
      openStorage({ url, nowMs: Date.now, poolSize: 2, auditSeal: createAuditSeal('salt of this test') });
    // Embedded, the file belongs to one process; its tables are made before anybody else comes.
    const storages =
      dialect === 'postgres' ? await Promise.all([1, 2, 3, 4, 5].map(open)) : [await open(), await open()];
    try {
      const made = await Promise.all(
        storages.map((storage) => {
          const newId = (prefix: string) => prefix + randomBytes(8).toString('hex');
          return establishMasterKey({ settings: storage.settings, randomBytes, newId, nowMs: Date.now });
        }),
      );
      expect(new Set(made.map(({ hash }) => hash)).size).toBe(1);
      expect(made.filter(({ newSecret }) => newSecret !== null)).toHaveLength(1);
      const rows = await storages[0]?.audit.list({ action: 'created', page: 1, pageSize: 10 });
      expect(rows?.total).toBe(1);
    } finally {
      for (const storage of storages) await storage.close();
      await database?.drop();
    }
  },
);
