import type { KeyRecord } from '../core/key.ts';
import { isModelAllowed } from '../core/model-access.ts';
import type { ModelIndex } from '../core/routing.ts';

/** Whether the key's model list allows this name, or the group that it is the proxy's alias of. */
export function mayCallModel(models: ModelIndex, key: Pick<KeyRecord, 'models'>, name: string): boolean {
  return isModelAllowed({
    requested: name,
    resolved: models.aliasTargetOf(name),
    allowed: key.models,
    accessGroupsOf: models.accessGroupsOf,
  });
}
