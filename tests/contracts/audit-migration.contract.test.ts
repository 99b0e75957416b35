// An audit log from before there was a chain becomes one, whole and vouched for, however many rows it has.

import { Migrator } from 'kysely';
import { afterAll, describe, expect, test } from 'vitest';
import { GENESIS_HASH, hashAuditRow } from '../../src/core/audit-chain.ts';
import { createAuditSeal } from '../../src/core/audit-seal.ts';
import { buildNewKey, NOW_MS } from '../../src/storage/__fixtures__/rows.ts';
import { fromAuditColumns } from '../../src/storage/audit/audit-rows.ts';
import { openConnection } from '../../src/storage/connection.ts';
import { toKeyRow } from '../../src/storage/keys/key-row.ts';
import { migrateConnection } from '../../src/storage/migrate.ts';
import { buildMigrations } from '../../src/storage/migrations/migrations.ts';
import { createTestDatabase } from '../support/postgres.ts';

const seal = createAuditSeal('the salt of this test');
const ROWS = 450;

describe.each(['sqlite', 'postgres'] as const)('an old audit log on %s', (dialect) => {
  const closing: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  test('is chained in the order of its time, and rows of keys know the key', async () => {
    const database = dialect === 'postgres' ? await createTestDatabase() : undefined;
    if (database !== undefined) closing.push(database.drop);
    const connection = openConnection({ url: database?.url ?? ':memory:', poolSize: 2, queryTimeoutMs: 0 });
    closing.push(connection.close);
    const { writes: db } = connection;
    const migrations = buildMigrations(dialect);
    const old = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0005'));
    await new Migrator({ db, provider: { getMigrations: async () => old } }).migrateToLatest();
    const { key } = buildNewKey();
    const tables = await db.introspection.getTables();
    const columns = tables.find(({ name }) => name === 'keys')?.columns.map(({ name }) => name) ?? [];
    const row = Object.fromEntries(Object.entries(toKeyRow(key)).filter(([name]) => columns.includes(name)));
    await db
      .insertInto('keys')
      .values(row as never)
      .execute();
    await db
      .insertInto('key_secrets')
      .values({ hash: key.hash, key_id: key.keyId, created_at_ms: 1, revoked_at_ms: null })
      .execute();
    const rows = Array.from({ length: ROWS }, (_, index) => ({
      id: `old-${ROWS - index}`,
      // Pairs within the same millisecond, written backwards.
      at_ms: NOW_MS - Math.floor(index / 2),
      changed_by: 'admin',
      changed_by_hash: 'f00d',
      request_id: 'request',
      source_ip: index % 2 === 0 ? null : '::1',
      action: 'updated',
      table_name: 'LiteLLM_VerificationToken',
      object_id: index === 0 ? key.hash : 'other',
      before: null,
      after: '{"ü": [1, 2]}',
    }));
    for (let start = 0; start < ROWS; start += 100) {
      await db
        .insertInto('audit_log')
        .values(rows.slice(start, start + 100) as never)
        .execute();
    }

    await migrateConnection(connection, seal);
    const chained = (await db.selectFrom('audit_log').selectAll().orderBy('seq').execute()).map(fromAuditColumns);
    expect(chained).toHaveLength(ROWS);
    expect(chained.at(-1)).toMatchObject({ objectId: key.hash, objectKeyId: key.keyId, after: '{"ü": [1, 2]}' });
    let prevHash = GENESIS_HASH;
    for (const [index, row] of chained.entries()) {
      expect(row).toMatchObject({ seq: index + 1, prevHash, hash: hashAuditRow(index + 1, prevHash, row) });
      expect(seal.isRowMac(row.mac, row.hash)).toBe(true);
      expect(row.atMs).toBeGreaterThanOrEqual(chained[index - 1]?.atMs ?? 0);
      prevHash = row.hash;
    }
    const head = await db.selectFrom('audit_head').select(['seq', 'hash', 'mac']).executeTakeFirst();
    expect(head).toEqual({ seq: ROWS, hash: prevHash, mac: seal.headMac(ROWS, prevHash) });
  });
});
