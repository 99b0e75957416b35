import { isModelAllowed } from './model-access.ts';
import { matchWildcard } from './wildcard.ts';

/** Groups that hold the model of this name; none for a name that nobody knows. */
export type AccessGroupsOf = (model: string) => readonly string[];

const EVERYTHING: readonly string[] = ['*', 'all-proxy-models'];
/** Wins over whatever else a list holds. */
const NOTHING = 'no-default-models';
/** Entries that open nothing by themselves. */
const HARMLESS: readonly string[] = [NOTHING, 'all-team-models'];

/**
 * The first entry of a list of models that opens more than another list does; null: there is none. An empty list opens
 * everything. What a name opens is told by the name: a wildcard is within a list that holds it or a broader one.
 */
export function findModelBeyond(
  models: readonly string[],
  ceiling: readonly string[],
  accessGroupsOf: AccessGroupsOf,
): string | null {
  if (models.includes(NOTHING)) return null;
  if (ceiling.includes(NOTHING)) return models[0] ?? 'all-proxy-models';
  if (ceiling.length === 0 || ceiling.some((entry) => EVERYTHING.includes(entry))) return null;
  if (models.length === 0) return 'all-proxy-models';
  return models.find((entry) => !isWithin(entry, ceiling, accessGroupsOf)) ?? null;
}

function isWithin(entry: string, ceiling: readonly string[], accessGroupsOf: AccessGroupsOf): boolean {
  if (HARMLESS.includes(entry) || ceiling.includes(entry)) return true;
  if (EVERYTHING.includes(entry)) return false;
  if (entry.includes('*')) return ceiling.some((pattern) => matchWildcard(pattern, entry) !== null);
  return isModelAllowed({ requested: entry, resolved: entry, allowed: ceiling, accessGroupsOf });
}
