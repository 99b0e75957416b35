import { systemActor } from '../../core/audit.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyStore } from '../../storage/storage.ts';
import { buildKeyAudit } from './key-audit.ts';
import type { KeyManagement } from './key-management.ts';
import { addressOf } from './resolve-key.ts';
import { computeClaimMs } from './schedule-rotation.ts';

/** Keys in one run; what is left comes with the next. */
const BATCH = 200;
const NAME = 'key rotation';

/** Ends a change of a key that another process, or somebody's request, has made meanwhile. */
class NoLongerDue extends Error {}

/**
 * Opens the rotations that are due, so that their new secrets can be claimed, and marks those that nobody has claimed in
 * time. Of several processes one does it, since each decides upon the row that it has locked. Secrets are neither made
 * nor ended here. `onOverdue` hears of a key once for each of its rotations.
 */
export async function runDueRotations(
  deps: Pick<KeyManagement, 'newId' | 'nowMs' | 'settings'> & { keys: Pick<KeyStore, 'change' | 'findDueRotations'> },
  onOverdue: (key: KeyRecord) => void,
): Promise<void> {
  const nowMs = deps.nowMs();
  for (const key of await deps.keys.findDueRotations(nowMs, BATCH)) {
    const changed = await advance(key);
    if (changed?.rotationOverdue === true) onOverdue(changed);
  }

  async function advance(key: KeyRecord): Promise<KeyRecord | undefined> {
    try {
      const result = await deps.keys.change(addressOf(key), (current) => {
        const isOpen = current.rotationClaimUntilMs !== null;
        const wakesAtMs = current.rotationClaimUntilMs ?? current.keyRotationAtMs;
        if (wakesAtMs === null || wakesAtMs > nowMs || current.rotationOverdue) throw new NoLongerDue();
        const next: KeyRecord = {
          ...current,
          ...(isOpen ? { rotationOverdue: true } : { rotationClaimUntilMs: nowMs + claimMs() }),
          updatedAtMs: Math.max(nowMs, current.updatedAtMs + 1),
          updatedBy: NAME,
        };
        const action = isOpen ? 'rotation_overdue' : 'rotation_due';
        const actor = systemActor(NAME, deps.newId('local_'));
        return { next, audit: buildKeyAudit(deps, actor, nowMs, { action, before: current, after: next }) };
      });
      return result.kind === 'changed' ? result.after : undefined;
    } catch (error) {
      if (error instanceof NoLongerDue) return undefined;
      throw error;
    }
  }

  function claimMs(): number {
    return computeClaimMs(deps.settings.rotationGracePeriod, nowMs);
  }
}
