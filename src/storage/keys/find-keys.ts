import type { Kysely } from 'kysely';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyAddress } from '../../core/key-address.ts';
import type { Database, DialectName } from '../database.ts';
import type { ActiveKey, IdempotencyNote } from '../storage.ts';
import { fromKeyRow, KEY_COLUMNS } from './key-row.ts';

const BATCH = 500;
type Db = Kysely<Database>;

/** By address: a hash finds its key while that secret is live or in its grace period. */
export async function findKey(db: Db, address: KeyAddress, nowMs: number): Promise<KeyRecord | undefined> {
  return (await findKeys(db, [address], nowMs))[0];
}

/** Deleted keys too, and by any secret that a key ever had. An alias is freed by deletion and finds live keys only. */
export async function findKeyInHistory(db: Db, address: KeyAddress): Promise<KeyRecord | undefined> {
  let query = db.selectFrom('keys').select(KEY_COLUMNS);
  switch (address.kind) {
    case 'key_id':
      query = query.where('keys.key_id', '=', address.keyId);
      break;
    case 'alias':
      query = query.where('keys.alias', '=', address.alias).where('keys.deleted_at_ms', 'is', null);
      break;
    case 'hash':
      query = query.where('keys.key_id', '=', (eb) =>
        eb.selectFrom('key_secrets').select('key_secrets.key_id').where('key_secrets.hash', '=', address.hash),
      );
  }
  const row = await query.executeTakeFirst();
  return row && fromKeyRow(row);
}

/** Live keys in the order asked, undefined where there is none: one query for each kind of address. */
export async function findKeys(
  db: Db,
  addresses: readonly KeyAddress[],
  nowMs: number,
): Promise<(KeyRecord | undefined)[]> {
  const found = {
    key_id: await findKeysById(db, valuesOf(addresses, 'key_id'), { live: true }),
    alias: await findByAliases(db, valuesOf(addresses, 'alias')),
    hash: await findByHashes(db, valuesOf(addresses, 'hash'), nowMs),
  };
  return addresses.map((address) => found[address.kind].get(textOf(address)));
}

/**
 * The same, for a change. PostgreSQL locks the rows first, in order of their ids, and then reads them again, since the
 * wait for a lock may have changed what an address means; on SQLite whoever writes is alone.
 */
export async function findKeysForChange(
  db: Db,
  dialect: DialectName,
  addresses: readonly KeyAddress[],
  nowMs: number,
): Promise<(KeyRecord | undefined)[]> {
  if (dialect === 'sqlite') return findKeys(db, addresses, nowMs);
  const keyIds = [...new Set((await findKeys(db, addresses, nowMs)).flatMap((key) => key?.keyId ?? []))].sort();
  for (const batch of batches(keyIds)) {
    await db.selectFrom('keys').select('key_id').where('key_id', 'in', batch).orderBy('key_id').forUpdate().execute();
  }
  return findKeys(db, addresses, nowMs);
}

/** For authentication: never a deleted key, never a secret whose time is over. */
export async function findBySecretHash(db: Db, hash: string, nowMs: number): Promise<ActiveKey | undefined> {
  const row = await db
    .selectFrom('key_secrets')
    .innerJoin('keys', 'keys.key_id', 'key_secrets.key_id')
    .select(KEY_COLUMNS)
    .select([
      'key_secrets.hash as secret_hash',
      'key_secrets.created_at_ms as secret_created_at_ms',
      'key_secrets.revoked_at_ms as secret_revoked_at_ms',
    ])
    .where('key_secrets.hash', '=', hash)
    .where('keys.deleted_at_ms', 'is', null)
    .where((eb) => eb.or([eb('key_secrets.revoked_at_ms', 'is', null), eb('key_secrets.revoked_at_ms', '>', nowMs)]))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    key: fromKeyRow(row),
    secret: {
      hash: row.secret_hash,
      keyId: row.key_id,
      createdAtMs: row.secret_created_at_ms,
      revokedAtMs: row.secret_revoked_at_ms,
    },
  };
}

export async function findIdempotency(db: Db, id: string, nowMs: number): Promise<IdempotencyNote | undefined> {
  const row = await db
    .selectFrom('idempotency')
    .select(['id', 'body_hash', 'nonce', 'key_id', 'secret_hash', 'expires_at_ms'])
    .where('id', '=', id)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirst();
  return (
    row && {
      id: row.id,
      bodyHash: row.body_hash,
      nonce: row.nonce,
      keyId: row.key_id,
      secretHash: row.secret_hash,
      expiresAtMs: row.expires_at_ms,
    }
  );
}

type Found = Map<string, KeyRecord>;

export async function findKeysById(db: Db, keyIds: readonly string[], only?: { live: true }): Promise<Found> {
  const found: Found = new Map();
  for (const batch of batches(keyIds)) {
    let query = db.selectFrom('keys').select(KEY_COLUMNS).where('key_id', 'in', batch);
    if (only !== undefined) query = query.where('deleted_at_ms', 'is', null);
    for (const row of await query.execute()) found.set(row.key_id, fromKeyRow(row));
  }
  return found;
}

async function findByAliases(db: Db, aliases: readonly string[]): Promise<Found> {
  const found: Found = new Map();
  for (const batch of batches(aliases)) {
    const query = db.selectFrom('keys').select(KEY_COLUMNS).where('alias', 'in', batch).where('alias', 'is not', null);
    for (const row of await query.where('deleted_at_ms', 'is', null).execute()) {
      found.set(row.alias ?? '', fromKeyRow(row));
    }
  }
  return found;
}

async function findByHashes(db: Db, hashes: readonly string[], nowMs: number): Promise<Found> {
  const found: Found = new Map();
  for (const batch of batches(hashes)) {
    const rows = await db
      .selectFrom('key_secrets')
      .innerJoin('keys', 'keys.key_id', 'key_secrets.key_id')
      .select(KEY_COLUMNS)
      .select('key_secrets.hash as secret_hash')
      .where('key_secrets.hash', 'in', batch)
      .where('keys.deleted_at_ms', 'is', null)
      .where((eb) => eb.or([eb('key_secrets.revoked_at_ms', 'is', null), eb('key_secrets.revoked_at_ms', '>', nowMs)]))
      .execute();
    for (const row of rows) found.set(row.secret_hash, fromKeyRow(row));
  }
  return found;
}

function textOf(address: KeyAddress): string {
  switch (address.kind) {
    case 'key_id':
      return address.keyId;
    case 'alias':
      return address.alias;
    case 'hash':
      return address.hash;
  }
}

function valuesOf(addresses: readonly KeyAddress[], kind: KeyAddress['kind']): string[] {
  return [...new Set(addresses.filter((address) => address.kind === kind).map(textOf))];
}

function* batches<T>(values: readonly T[]): Generator<T[]> {
  for (let start = 0; start < values.length; start += BATCH) yield values.slice(start, start + BATCH);
}
