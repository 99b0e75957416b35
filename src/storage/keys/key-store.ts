import type { Kysely } from 'kysely';
import type { Database, DialectName } from '../database.ts';
import type { KeyStore } from '../storage.ts';
import type { Writer } from '../writer.ts';
import { changeKey } from './change-key.ts';
import { countKeysByUser } from './count-by-user.ts';
import { countLendingKeys } from './count-lending-keys.ts';
import { countTeamKeys } from './count-team-keys.ts';
import { findDueRotations } from './find-due-rotations.ts';
import { findBySecretHash, findIdempotency, findKey, findKeyInHistory, findKeys } from './find-keys.ts';
import { insertKey } from './insert-key.ts';
import { listKeys } from './list-keys.ts';
import { removeKeys } from './remove-keys.ts';
import { addSecretUses, findWorkingSecrets } from './secret-use.ts';
import { touchKeys } from './touch-keys.ts';

export interface KeyStoreDeps {
  reads: Kysely<Database>;
  writes: Kysely<Database>;
  dialect: DialectName;
  write: Writer;
  nowMs: () => number;
}

/** Each verb in a file of its own; here they only get what they need. */
export function createKeyStore({ reads, writes, dialect, write, nowMs }: KeyStoreDeps): KeyStore {
  return {
    insert: (rows) => insertKey(write, rows),
    find: (address, options) =>
      options?.includeDeleted === true ? findKeyInHistory(reads, address) : findKey(reads, address, nowMs()),
    findMany: (addresses) => findKeys(reads, addresses, nowMs()),
    findBySecretHash: (hash) => findBySecretHash(reads, hash, nowMs()),
    findIdempotency: (id, atMs) => findIdempotency(reads, id, atMs),
    findDueRotations: (atMs, limit) => findDueRotations(reads, atMs, limit),
    change: (address, decide, assertLinks) => changeKey(write, address, decide, assertLinks),
    remove: (addresses, deleted, decide) => removeKeys(write, addresses, deleted, decide),
    list: (query) => listKeys(reads, dialect, query),
    countByTeam: (teamIds) => countTeamKeys(reads, teamIds),
    countLending: (budgetId) => countLendingKeys(reads, dialect, budgetId),
    countByUser: (userIds, scope) => countKeysByUser(reads, dialect, userIds, scope),
    workingSecrets: (keyId) => findWorkingSecrets(reads, keyId, nowMs()),
    addSecretUses: (uses) => addSecretUses(writes, uses),
    touch: (lastActive) => touchKeys(writes, lastActive),
  };
}
