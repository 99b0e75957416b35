// Keys of an older version are found by their project and access groups like new ones, and by what they are changed to.

import type { Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { buildListQuery, buildNewKey, NOW_MS } from '../../src/storage/__fixtures__/rows.ts';
import { findKeyIds } from '../../src/storage/keys/find-key-ids.ts';
import { groupKeys } from '../../src/storage/migrations/0018-key-groups.ts';
import { openStorage } from '../../src/storage/open-storage.ts';
import { createTestDatabase } from '../support/postgres.ts';

test.each(['sqlite', 'postgres'] as const)('keys that are there already are grouped, on %s', async (dialect) => {
  const database = dialect === 'postgres' ? await createTestDatabase() : { url: ':memory:', drop: async () => {} };
  const storage = await openStorage({ url: database.url, nowMs: () => NOW_MS, poolSize: 2 });
  const groups = ['g', 'g', '\0', '\ud800', 7];
  const { key, ...rows } = buildNewKey({ alias: 'old', extra: { project_id: 'p', access_group_ids: groups } });
  await storage.keys.insert({ ...rows, key, adjustments: [] });
  await storage.keys.insert({ ...buildNewKey({ alias: 'plain', extra: { project_id: null } }), adjustments: [] });

  await storage.writes.schema.dropTable('key_groups').execute();
  await storage.writes.schema.dropIndex('spend_logs_model').execute();
  await groupKeys(storage.writes as unknown as Kysely<unknown>, dialect);

  const rowsNow = await storage.reads.selectFrom('key_groups').selectAll().orderBy('kind').execute();
  expect(rowsNow).toEqual([
    { kind: 'access_group_ids', value: 'g', key_id: key.keyId },
    { kind: 'project_id', value: 'p', key_id: key.keyId },
  ]);
  const find = async (query: object) => (await findKeyIds(storage.reads, dialect, buildListQuery(query))).ids;
  expect(await find({ projectId: 'p' })).toEqual([key.keyId]);
  expect(await find({ accessGroupId: 'g', projectId: 'p' })).toEqual([key.keyId]);

  await storage.transact(({ keys }) => keys.update({ ...key, extra: { project_id: 'q' } }));
  expect(await find({ projectId: 'p' })).toEqual([]);
  expect(await find({ accessGroupId: 'g' })).toEqual([]);
  expect(await find({ projectId: 'q' })).toEqual([key.keyId]);
  await storage.close();
  await database.drop();
});
