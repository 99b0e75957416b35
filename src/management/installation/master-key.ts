import { type AuditEntry, systemActor } from '../../core/audit.ts';
import { ADMIN_USER_ID } from '../../core/caller.ts';
import { describeSecret } from '../../core/key-secret.ts';
import type { SettingStore } from '../../storage/storage.ts';

/** The setting that holds the hash of a master key which the installation made for itself. */
export const MASTER_KEY_SETTING = 'master_key_hash';

const SETTINGS_TABLE = 'settings';

export interface MasterKeyDeps {
  settings: SettingStore;
  randomBytes(count: number): Uint8Array;
  newId(prefix: string): string;
  nowMs(): number;
}

export interface MasterKey {
  hash: string;
  /** To be shown once, now: it is stored nowhere. Null when it has been shown before. */
  newSecret: string | null;
}

/**
 * The installation's own master key, made at its first start. Only the hash is stored. Of several processes that start
 * for the first time at once, one makes it, and only that one can show it.
 */
export async function establishMasterKey(deps: MasterKeyDeps): Promise<MasterKey> {
  const known = await deps.settings.get(MASTER_KEY_SETTING);
  if (known !== undefined) return { hash: known, newSecret: null };
  const { secret, hash, audit } = makeMasterKey(deps, 'created');
  const inForce = await deps.settings.add(MASTER_KEY_SETTING, hash, audit);
  return { hash: inForce, newSecret: inForce === hash ? secret : null };
}

/** A new master key; the old one is refused as soon as the running processes have seen the change. */
export async function rotateMasterKey(deps: MasterKeyDeps): Promise<MasterKey> {
  const { secret, hash, audit } = makeMasterKey(deps, 'rotated');
  await deps.settings.set(MASTER_KEY_SETTING, hash, audit);
  return { hash, newSecret: secret };
}

/** 32 random bytes: longer than a virtual key, since everything hangs on this one. */
const MASTER_KEY_BYTES = 32;

function makeMasterKey(deps: MasterKeyDeps, action: 'created' | 'rotated') {
  const random = Buffer.from(deps.randomBytes(MASTER_KEY_BYTES)).toString('base64url');
  const { secret, hash } = describeSecret(`sk-${random}`);
  const audit: AuditEntry = {
    ...systemActor(ADMIN_USER_ID, deps.newId('local_')),
    changedByHash: hash,
    id: deps.newId('audit_'),
    atMs: deps.nowMs(),
    action,
    tableName: SETTINGS_TABLE,
    objectId: MASTER_KEY_SETTING,
    objectKeyId: null,
    objectName: null,
    before: null,
    after: null,
  };
  return { secret, hash, audit };
}
