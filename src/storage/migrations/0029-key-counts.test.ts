import { type Kysely, sql } from 'kysely';
import { expect, test } from 'vitest';
import { buildAudit, buildListQuery, buildNewKey, NOW_MS } from '../__fixtures__/rows.ts';
import { openStorage } from '../open-storage.ts';
import { countKeys } from './0029-key-counts.ts';

test('keys that are there already are counted, and so are those that come, go and move in time', async () => {
  const storage = await openStorage({ url: ':memory:', nowMs: () => NOW_MS, poolSize: 1 });
  const total = async () => (await storage.keys.list(buildListQuery())).total;
  const insert = async () => {
    const rows = buildNewKey();
    await storage.keys.insert({ ...rows, adjustments: [] });
    return rows.key.keyId;
  };
  const gone = await insert();
  const kept = await insert();
  const remove = (keyId: string) =>
    storage.keys.remove([{ kind: 'key_id', keyId }], { atMs: NOW_MS, by: 'x' }, () => buildAudit());
  await remove(gone);

  for (const trigger of ['insert', 'delete', 'update']) {
    await sql`drop trigger ${sql.ref(`keys_count_${trigger}`)}`.execute(storage.writes);
  }
  await storage.writes.schema.dropTable('key_counts').execute();
  await countKeys(storage.writes as unknown as Kysely<unknown>, 'sqlite');

  expect(await total()).toBe(1);
  await insert();
  expect(await total()).toBe(2);
  await sql`update keys set created_at_ms = 7 where key_id = ${kept}`.execute(storage.writes);
  const { rows } = await sql`select bucket, live from key_counts order by bucket`.execute(storage.writes);
  expect(rows).toEqual([
    { bucket: 0, live: 1 },
    { bucket: Math.floor(NOW_MS / 65_536), live: 1 },
  ]);
  await remove(kept);
  expect(await total()).toBe(1);
  await storage.close();
});
