import type { KeyRecord } from '../core/key.ts';
import { isModelAllowed } from '../core/model-access.ts';
import type { ModelIndex } from '../core/routing.ts';

/**
 * Whether the key's model list allows this name, or the group that it is the proxy's alias of. Of teams only the names
 * are known so far, so `all-team-models` allows nothing to a key that has one.
 */
export function mayCallModel(models: ModelIndex, key: Pick<KeyRecord, 'models' | 'teamId'>, name: string): boolean {
  return isModelAllowed({
    requested: name,
    resolved: models.aliasTargetOf(name),
    allowed: key.models,
    accessGroupsOf: models.accessGroupsOf,
    teamModels: key.teamId === null ? null : undefined,
  });
}
