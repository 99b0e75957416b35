import { type Kysely, sql } from 'kysely';
import { expect, test } from 'vitest';
import { buildAdjustment, buildListQuery, buildNewKey, NOW_MS } from '../__fixtures__/rows.ts';
import { findKeyIds } from '../keys/find-key-ids.ts';
import { openStorage } from '../open-storage.ts';
import { classifySpend } from './0028-spend-classes.ts';

test('keys that are there already get their classes, and keep them true whoever moves a balance', async () => {
  const storage = await openStorage({ url: ':memory:', nowMs: () => NOW_MS, poolSize: 1 });
  const spent = async (minSpendNanoUsd: number) =>
    (await findKeyIds(storage.reads, 'sqlite', buildListQuery({ minSpendNanoUsd }))).ids;
  const rows = [buildNewKey(), buildNewKey()] as const;
  const [old, idle] = rows.map(({ key }) => key.keyId);
  for (const row of rows) await storage.keys.insert({ ...row, adjustments: [] });
  const counter = `key:${old}/spend`;
  await storage.transact(({ adjust }) => adjust([buildAdjustment(counter, 5_000)]));

  for (const trigger of ['insert', 'update', 'key']) {
    await sql`drop trigger ${sql.ref(`balances_class_${trigger}`)}`.execute(storage.writes);
  }
  await storage.writes.schema.dropTable('spend_classes').execute();
  await storage.writes.schema.dropTable('key_spend_classes').execute();
  await classifySpend(storage.writes as unknown as Kysely<unknown>, 'sqlite');

  expect(await spent(5_000)).toEqual([old]);
  expect(await spent(5_001)).toEqual([]);
  expect(await spent(0)).toEqual([old, idle]);
  await sql`insert into balances (counter, nano_usd) values (${counter}, 2000000000)
    on conflict (counter) do update set nano_usd = balances.nano_usd + excluded.nano_usd`.execute(storage.writes);
  expect(await spent(2_000_005_000)).toEqual([old]);
  await sql`update balances set nano_usd = 0`.execute(storage.writes);
  expect(await spent(1)).toEqual([]);
  await storage.close();
});
