import { systemActor } from '../core/audit.ts';
import { type SaltKeys, saltKeyId } from '../core/salt-keys.ts';
import { createResealing, type ResealingDeps } from '../jobs/reseal-secrets.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import { newId } from './new-id.ts';
import { createSealBoxes } from './secret-box.ts';

/** What keeps stored credentials under the current salt key. */
export function buildResealing(parts: {
  storage: Pick<OpenStorage, 'sealed' | 'freshness'>;
  salts: SaltKeys;
  processId: string;
  nowMs: () => number;
  logger: ResealingDeps['logger'];
}): () => Promise<void> {
  const { storage, salts, processId, nowMs, logger } = parts;
  const boxes = createSealBoxes(salts);
  const reseal = createResealing({
    store: storage.sealed,
    keyId: saltKeyId(salts.current),
    reseal: {
      models: boxes.models.reseal,
      alerts: boxes.alerts.reseal,
      'log destinations': boxes['log destinations'].reseal,
    },
    isRotation: salts.earlier.length > 0,
    processId,
    nowMs,
    describe: (action, before, after) => ({
      ...systemActor('latchkey', newId('local_')),
      id: newId('audit_'),
      atMs: nowMs(),
      action,
      tableName: 'settings',
      objectId: 'salt_key',
      objectKeyId: null,
      objectName: null,
      before: before === null ? null : { key_id: before },
      after,
    }),
    logger,
  });
  return async () => {
    // That the database is away is said already, and once.
    if (!storage.freshness.isCutOff()) await reseal();
  };
}
