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

/** The installation's own master key, made at its first start. Only the hash is stored. */
export async function establishMasterKey(deps: MasterKeyDeps): Promise<MasterKey> {
  const hash = await deps.settings.get(MASTER_KEY_SETTING);
  return hash === undefined ? replaceMasterKey(deps, 'created') : { hash, newSecret: null };
}

/** A new master key; the old one is refused as soon as the running processes have seen the change. */
export function rotateMasterKey(deps: MasterKeyDeps): Promise<MasterKey> {
  return replaceMasterKey(deps, 'rotated');
}

/** 32 random bytes: longer than a virtual key, since everything hangs on this one. */
const MASTER_KEY_BYTES = 32;

async function replaceMasterKey(deps: MasterKeyDeps, action: 'created' | 'rotated'): Promise<MasterKey> {
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
  await deps.settings.set(MASTER_KEY_SETTING, hash, audit);
  return { hash, newSecret: secret };
}
