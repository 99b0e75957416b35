import { randomBytes } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { sha256Hex } from '../core/key-secret.ts';
import { establishMasterKey } from '../management/installation/master-key.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import { newId } from './new-id.ts';

/**
 * The master key's hash: of the one that is configured, or else of the one that is stored, which is made at the first start.
 * `newSecret` is null but for that start.
 */
export async function findMasterKey(
  config: Config,
  storage: OpenStorage,
  nowMs: () => number,
): Promise<{ hash: string; newSecret: string | null }> {
  if (config.masterKey !== null) return { hash: sha256Hex(config.masterKey), newSecret: null };
  return establishMasterKey({ settings: storage.settings, randomBytes, newId, nowMs });
}
