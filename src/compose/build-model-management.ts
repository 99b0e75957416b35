import { sealContext } from '../core/sealed-texts.ts';
import { isReference } from '../core/secret-fields.ts';
import type { ModelManagement } from '../management/models/model-management.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import type { ModelCatalog } from './model-catalog.ts';
import { newId } from './new-id.ts';
import type { SecretBox } from './secret-box.ts';

/** What the verbs over models ask of the world. */
export function buildModelManagement(parts: {
  storage: OpenStorage;
  catalog: ModelCatalog;
  box: SecretBox;
  nowMs: () => number;
}): ModelManagement {
  const { storage, catalog, box, nowMs } = parts;
  return {
    models: storage.owners.models,
    transact: storage.transact,
    nowMs,
    newId,
    isConfigured: catalog.isConfigured,
    check(record) {
      const parsed = catalog.parse(record);
      return parsed.kind === 'problem'
        ? { problem: { param: parsed.param, message: parsed.message }, unsupported: [] }
        : { problem: null, unsupported: parsed.unsupported };
    },
    seal: (id, path, text) => (isReference(text) ? text : box.seal(text, sealContext(id, path))),
    refresh: catalog.refresh,
  };
}
