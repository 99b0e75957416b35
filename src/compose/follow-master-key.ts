import type { MasterKeyCheck } from '../auth/master-key.ts';
import type { ChangeEvent } from '../core/change-event.ts';
import { MASTER_KEY_SETTING } from '../management/installation/master-key.ts';
import type { SettingStore } from '../storage/storage.ts';

export interface MasterKeyFollower {
  onChange(event: ChangeEvent): void;
  /** Reads the key again if a change has been seen since; for a job, in case the first reading failed. */
  refresh(): Promise<void>;
}

/**
 * Puts a master key that was rotated elsewhere in force here. From the moment that the change is seen the old one is
 * refused, also while the new one cannot be read yet.
 */
export function followMasterKey(settings: Pick<SettingStore, 'get'>, masterKeys: MasterKeyCheck): MasterKeyFollower {
  let stale = false;
  const refresh = async (): Promise<void> => {
    if (!stale) return;
    const hash = await settings.get(MASTER_KEY_SETTING);
    stale = false;
    masterKeys.replace(hash === undefined ? [] : [hash]);
  };
  return {
    refresh,
    onChange(event) {
      if (event.kind !== 'setting' || event.name !== MASTER_KEY_SETTING) return;
      stale = true;
      masterKeys.replace([]);
      refresh().catch(() => {});
    },
  };
}
