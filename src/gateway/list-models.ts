import { type Asking, refuseModel, resolveAliases } from '../core/caller-models.ts';
import type { Deployment } from '../core/model.ts';
import type { ModelIndex } from '../core/routing.ts';

/**
 * The public model names that this caller may call and that can serve at present, in the order of the configuration, and
 * then its key's own aliases of such; names with a wildcard are listed as they are. The master key sees all of them.
 */
export function listModels(models: ModelIndex, caller: Asking): string[] {
  const names = models.names().filter((name) => isServed(models, name) && mayCall(models, caller, name));
  const aliases = Object.keys(caller.key?.aliases ?? {}).filter((alias) => isCallable(models, caller, alias));
  return aliases.length === 0 ? names : [...new Set([...names, ...aliases])];
}

/** Whether this caller may call the name and something serves it; names that only a wildcard covers are in no list. */
export function isCallable(models: ModelIndex, caller: Asking, name: string): boolean {
  return isServed(models, resolveAliases(caller, name)) && mayCall(models, caller, name);
}

/**
 * The access groups of the models that there are, all of whose models this caller may call: then a key for the group
 * opens nothing that the caller's own does not. In the order of the configuration.
 */
export function listAccessGroups(models: ModelIndex, caller: Asking): string[] {
  const open = new Map<string, boolean>();
  for (const name of models.names()) {
    const mayCallIt = mayCall(models, caller, name);
    for (const group of models.accessGroupsOf(name)) open.set(group, mayCallIt && open.get(group) !== false);
  }
  return [...open].flatMap(([group, isOpen]) => (isOpen ? [group] : []));
}

/** The deployments behind those names. For `/model/info`; what is shown of them must leave the credentials out. */
export function listDeployments(deployments: readonly Deployment[], models: ModelIndex, caller: Asking): Deployment[] {
  return deployments.filter((deployment) => mayCall(models, caller, deployment.modelName));
}

function isServed(models: ModelIndex, name: string): boolean {
  return models.resolve(name)?.deployments.some((deployment) => deployment.unavailable === null) ?? false;
}

function mayCall(models: ModelIndex, caller: Asking, name: string): boolean {
  return refuseModel(models, caller, name) === undefined;
}
