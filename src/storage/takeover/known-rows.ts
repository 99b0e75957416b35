import type { Kysely } from 'kysely';
import type { KeyRecord } from '../../core/key.ts';
import type { Database } from '../database.ts';
import { findKeysById } from '../keys/find-keys.ts';
import { createOwnerReaders } from '../owners/owner-readers.ts';
import type { OwnerReaders } from '../owners/owner-storage.ts';

/** What is there already, as far as rows from elsewhere could run into it. A query for each 500 names. */
export interface KnownRows {
  owners: OwnerReaders;
  /** Deleted ones too. */
  keysById(keyIds: readonly string[]): Promise<ReadonlyMap<string, KeyRecord>>;
  /** Hash of any secret that a key ever had → its key_id. */
  keyIdsByHash(hashes: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Alias of a living key → its key_id. */
  keyIdsByAlias(aliases: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** E-mail address of a living user → the user. */
  userIdsByEmail(emails: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Adjustment → by how much it moved its balance. */
  adjustmentsById(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Counter → what is counted in it. */
  balances(counters: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

const BATCH = 500;

export function createKnownRows(db: Kysely<Database>): KnownRows {
  async function collect<V>(
    names: readonly string[],
    find: (some: readonly string[]) => Promise<readonly (readonly [string, V])[]>,
  ): Promise<ReadonlyMap<string, V>> {
    const found = new Map<string, V>();
    for (let start = 0; start < names.length; start += BATCH) {
      for (const [name, value] of await find(names.slice(start, start + BATCH))) found.set(name, value);
    }
    return found;
  }

  return {
    owners: createOwnerReaders(db),
    keysById: (keyIds) => findKeysById(db, keyIds),
    keyIdsByHash: (hashes) =>
      collect(hashes, async (some) => {
        const rows = await db.selectFrom('key_secrets').select(['hash', 'key_id']).where('hash', 'in', some).execute();
        return rows.map((row) => [row.hash, row.key_id] as const);
      }),
    keyIdsByAlias: (aliases) =>
      collect(aliases, async (some) => {
        const rows = await db
          .selectFrom('keys')
          .select(['alias', 'key_id'])
          .where('alias', 'in', some)
          .where('deleted_at_ms', 'is', null)
          .execute();
        return rows.map((row) => [row.alias ?? '', row.key_id] as const);
      }),
    userIdsByEmail: (emails) =>
      collect(emails, async (some) => {
        const { records } = await createOwnerReaders(db).users.list({
          scope: 'all',
          where: { email: some },
          limit: BATCH,
          offset: 0,
        });
        return records.map((user) => [user.email ?? '', user.id] as const);
      }),
    adjustmentsById: (ids) =>
      collect(ids, async (some) => {
        const rows = await db
          .selectFrom('balance_adjustments')
          .select(['id', 'delta_nano_usd'])
          .where('id', 'in', some)
          .execute();
        return rows.map((row) => [row.id, row.delta_nano_usd] as const);
      }),
    balances: (counters) =>
      collect(counters, async (some) => {
        const rows = await db
          .selectFrom('balances')
          .select(['counter', 'nano_usd'])
          .where('counter', 'in', some)
          .execute();
        return rows.map((row) => [row.counter, row.nano_usd] as const);
      }),
  };
}
