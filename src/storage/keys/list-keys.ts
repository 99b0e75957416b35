import type { Kysely } from 'kysely';
import type { Database, DialectName } from '../database.ts';
import type { KeyListPage, KeyListQuery } from '../storage.ts';
import { findKeyIds } from './find-key-ids.ts';
import { findKeysById } from './find-keys.ts';

/** One page of keys and how many there are. Keys without a value to sort by come last in either direction. */
export async function listKeys(
  reads: Kysely<Database>,
  dialect: DialectName,
  query: KeyListQuery,
): Promise<KeyListPage> {
  // Only the ids are sorted, since a whole key weighs twenty times as much.
  const { ids, total, isTotalExact } = await findKeyIds(reads, dialect, query);
  const found = await findKeysById(reads, ids);
  return { keys: ids.flatMap((id) => found.get(id) ?? []), total, isTotalExact };
}
