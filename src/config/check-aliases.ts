import { isWildcard, matchWildcard } from '../core/wildcard.ts';
import type { ConfigWarning } from './config.ts';
import type { ConfigPlace, Report } from './config-problem.ts';
import { type ConfigNode, findNode, formatPath, locate } from './config-tree.ts';
import { nearestName } from './nearest-name.ts';
import type { RouterSettings } from './router-settings.ts';

/**
 * `model_group_alias` has to lead somewhere. A target that no group carries and no wildcard matches is a problem. One
 * that only a wildcard matches can be called, but a slip of the pen would look the same, so it is a warning.
 */
export function checkAliases(
  aliases: NonNullable<RouterSettings['model_group_alias']>,
  root: ConfigNode,
  report: Report,
): ConfigWarning[] {
  const groups = groupNames(root);
  const wildcards = groups.filter(isWildcard);
  const warnings: ConfigWarning[] = [];
  for (const [alias, { model }] of Object.entries(aliases)) {
    if (groups.includes(model) && !isWildcard(model)) continue;
    const path = ['router_settings', 'model_group_alias', alias];
    const place = { path: formatPath(path), at: locate(root, path) };
    if (wildcards.some((pattern) => matchWildcard(pattern, model) !== null)) warnings.push(onlyWildcard(place));
    else report({ ...place, message: describeMissing(model, groups) });
  }
  return warnings;
}

function onlyWildcard(place: ConfigPlace): ConfigWarning {
  const message = 'no entry of model_list has the name that this alias leads to; a wildcard answers for it';
  return { code: 'alias_to_wildcard', message, places: [place] };
}

/** As written, also in entries that something else is wrong with: one mistake is one problem. */
function groupNames(root: ConfigNode): string[] {
  const list = findNode(root, ['model_list']);
  if (list?.kind !== 'list') return [];
  return list.items.flatMap((entry) => {
    const name = findNode(entry, ['model_name']);
    return name?.kind === 'scalar' && name.value !== null ? [String(name.value)] : [];
  });
}

function describeMissing(model: string, groups: readonly string[]): string {
  const nearest = nearestName(model, groups);
  return `no entry of model_list has the name that this alias leads to${nearest === undefined ? '' : `, did you mean \`${nearest}\`?`}`;
}
