import type { Actor } from '../../core/audit.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { buildKeyAudit } from '../keys/key-audit.ts';
import type { OwnerManagement } from './owner-management.ts';

/** Keys that end with what they belonged to. */
export async function removeKeys(
  unit: Pick<WriteUnit, 'keys' | 'audit' | 'nowMs'>,
  deps: Pick<OwnerManagement, 'newId'>,
  actor: Actor,
  by: string,
  keys: readonly KeyRecord[],
): Promise<void> {
  for (const key of keys) await unit.keys.remove(key, { atMs: unit.nowMs, by });
  await unit.audit(
    keys.map((key) => buildKeyAudit(deps, actor, unit.nowMs, { action: 'deleted', before: key, after: null })),
  );
}
