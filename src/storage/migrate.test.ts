import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NOW_MS } from './__fixtures__/rows.ts';
import { migrate } from './migrate.ts';
import { buildMigrations } from './migrations/migrations.ts';
import { openStorage } from './open-storage.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-migrate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ALL = Object.keys(buildMigrations('sqlite'));

test('migrate tells what it applied, and a second time nothing', async () => {
  const url = `sqlite://${join(folder, 'a.db')}`;
  expect(await migrate(url)).toEqual({ applied: ALL, unknown: [] });
  expect(await migrate(url)).toEqual({ applied: [], unknown: [] });
});

test('migrations run in the order of their names', () => {
  expect(ALL).toEqual([...ALL].sort());
});

test('of several processes that start at once, one migrates', async () => {
  const url = join(folder, 'b.db');
  const reports = await Promise.all([migrate(url), migrate(url), migrate(url)]);
  expect(reports.flatMap((report) => report.applied).sort()).toEqual(ALL);
});

test('a database of a newer version is opened as it is, with a warning that names what is unknown', async () => {
  const url = join(folder, 'c.db');
  const open = async (warnings: unknown[]) => {
    const logger = { warn: (details: object, message: string) => warnings.push([details, message]) };
    return openStorage({ url, nowMs: () => NOW_MS, poolSize: 1, logger });
  };
  const none: unknown[] = [];
  const storage = await open(none);
  await storage.writes
    .insertInto('kysely_migration' as never)
    .values({ name: '9999-future', timestamp: '2030-01-01T00:00:00.000Z' } as never)
    .execute();
  await storage.close();
  expect(none).toEqual([]);
  const warnings: unknown[] = [];
  const again = await open(warnings);
  await again.ping();
  await again.close();
  expect(warnings).toEqual([[{ migrations: ['9999-future'] }, expect.stringContaining('newer version')]]);
  expect(await migrate(url)).toEqual({ applied: [], unknown: ['9999-future'] });
});
