/** The small writes that make up a change of a key. Each belongs to a transaction that somebody else has opened. */
import { type KeyRecord, type KeySecret, keyTags } from '../../core/key.ts';
import type { IdempotencyNote } from '../storage.ts';
import { UniqueViolation } from '../unique-violation.ts';
import type { WriteContext } from '../writer.ts';
import { keyGroups } from './key-groups.ts';

export type ConflictField = 'key_alias' | 'key' | 'idempotency_key';

/** Ends a transaction because of a conflict that the caller is told of as a value. */
export class KeyConflict extends Error {
  readonly field: ConflictField;

  constructor(field: ConflictField) {
    super(`conflict: ${field}`);
    this.field = field;
  }
}

const FIELD_OF_INDEX: Readonly<Record<string, ConflictField>> = {
  'keys.alias': 'key_alias',
  keys_live_alias: 'key_alias',
  'keys.hash': 'key',
  keys_hash_key: 'key',
  'keys.key_id': 'key',
  keys_pkey: 'key',
  'key_secrets.hash': 'key',
  key_secrets_pkey: 'key',
};

/** The conflict behind a failed write; every other failure is thrown again. */
export function toConflict(error: unknown): { kind: 'conflict'; field: ConflictField } {
  if (error instanceof KeyConflict) return { kind: 'conflict', field: error.field };
  const field = error instanceof UniqueViolation ? FIELD_OF_INDEX[error.target] : undefined;
  if (field === undefined) throw error;
  return { kind: 'conflict', field };
}

/** A note that has expired gives way; one that has not is a conflict. */
export async function insertIdempotency({ trx, nowMs }: WriteContext, note: IdempotencyNote): Promise<void> {
  const values = {
    body_hash: note.bodyHash,
    nonce: note.nonce,
    key_id: note.keyId,
    secret_hash: note.secretHash,
    expires_at_ms: note.expiresAtMs,
  };
  const written = await trx
    .insertInto('idempotency')
    .values({ id: note.id, ...values })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(values).where('idempotency.expires_at_ms', '<=', nowMs))
    .returning('id')
    .executeTakeFirst();
  if (written === undefined) throw new KeyConflict('idempotency_key');
}

export async function insertSecret({ trx }: WriteContext, key: KeyRecord, createdAtMs: number): Promise<void> {
  await trx
    .insertInto('key_secrets')
    .values({ hash: key.hash, key_id: key.keyId, created_at_ms: createdAtMs, revoked_at_ms: null })
    .execute();
}

/** One that a key had before it came here. Its mask is not known. */
export async function insertPreviousSecret({ trx }: WriteContext, secret: KeySecret): Promise<void> {
  const { hash, keyId, createdAtMs, revokedAtMs } = secret;
  await trx
    .insertInto('key_secrets')
    .values({ hash, key_id: keyId, created_at_ms: createdAtMs, revoked_at_ms: revokedAtMs })
    .execute();
}

/** A statement takes a limited number of values, and a key any number of tags. */
const BATCH = 500;

/** What lists find the key by, beside its columns: tags, project and access groups. */
export async function insertLabels({ trx }: WriteContext, key: KeyRecord): Promise<void> {
  const tags = [...new Set(keyTags(key))].map((tag) => ({ key_id: key.keyId, tag }));
  for (const rows of batches(tags)) await trx.insertInto('key_tags').values(rows).execute();
  const groups = keyGroups(key).map((group) => ({ ...group, key_id: key.keyId }));
  for (const rows of batches(groups)) await trx.insertInto('key_groups').values(rows).execute();
}

export async function replaceLabels(context: WriteContext, key: KeyRecord): Promise<void> {
  await context.trx.deleteFrom('key_tags').where('key_id', '=', key.keyId).execute();
  await context.trx.deleteFrom('key_groups').where('key_id', '=', key.keyId).execute();
  await insertLabels(context, key);
}

function* batches<T>(rows: readonly T[]): Generator<T[]> {
  for (let start = 0; start < rows.length; start += BATCH) yield rows.slice(start, start + BATCH);
}

/** A secret that died this long ago is in no cache any more, not even in that of a process whose clock is behind. */
const FORGOTTEN_AFTER_MS = 600_000;

/** Announces the key as it is now: every secret under which somebody may have cached it, and those that still work. */
export async function announceKey(
  { trx, announce, nowMs }: WriteContext,
  key: Pick<KeyRecord, 'keyId' | 'deletedAtMs' | 'blocked' | 'expiresAtMs'>,
): Promise<void> {
  const secrets = await trx
    .selectFrom('key_secrets')
    .select(['hash', 'revoked_at_ms'])
    .where('key_id', '=', key.keyId)
    .where((eb) => eb.or([eb('revoked_at_ms', 'is', null), eb('revoked_at_ms', '>', nowMs - FORGOTTEN_AFTER_MS)]))
    .orderBy('created_at_ms')
    .execute();
  const dead = key.deletedAtMs !== null || key.blocked === true;
  const working = secrets
    .filter((secret) => !dead && (secret.revoked_at_ms === null || secret.revoked_at_ms > nowMs))
    .map((secret) => ({ hash: secret.hash, untilMs: earlierOf(secret.revoked_at_ms, key.expiresAtMs) }));
  announce({ kind: 'key', keyId: key.keyId, hashes: secrets.map((secret) => secret.hash), working });
}

function earlierOf(aMs: number | null, bMs: number | null): number | null {
  if (aMs === null || bMs === null) return aMs ?? bMs;
  return Math.min(aMs, bMs);
}
