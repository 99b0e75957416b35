/** What the file leaves to variables that are not set, where that is no mistake but the operator should hear of it. */
import type { ConfigWarning } from './config.ts';
import type { ConfigPlace } from './config-problem.ts';
import { type ConfigNode, findNode, type MapNode, type Path } from './config-tree.ts';

const TEAM_SETTINGS: Path = ['litellm_settings', 'default_team_settings'];
/** What the others say is for the destination to read, which tells of a variable that is missing, and borrows no other. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['team_id', 'success_callback', 'failure_callback']);

/** The tree with those references of teams' log destinations as they are written, and where they are. */
export function keepUnsetDestinations(root: MapNode): { root: MapNode; kept: Path[] } {
  const list = findNode(root, TEAM_SETTINGS);
  const section = root.entries.get('litellm_settings');
  if (list?.kind !== 'list' || section?.node.kind !== 'map') return { root, kept: [] };
  const kept: Path[] = [];
  const items = list.items.map((team, index): ConfigNode => {
    if (team.kind !== 'map') return team;
    const entries = [...team.entries].map(([name, entry]) => {
      const { node } = entry;
      if (OWN_FIELDS.has(name) || !isUnset(node)) return [name, entry] as const;
      kept.push([...TEAM_SETTINGS, index, name]);
      return [name, { ...entry, node: { ...node, value: node.reference } }] as const;
    });
    return { ...team, entries: new Map(entries) };
  });
  const settings = new Map(section.node.entries);
  const entry = settings.get('default_team_settings');
  if (entry !== undefined) settings.set('default_team_settings', { ...entry, node: { ...list, items } });
  const sections = new Map(root.entries);
  sections.set('litellm_settings', { ...section, node: { ...section.node, entries: settings } });
  return { root: { ...root, entries: sections }, kept };
}

/** @param database where the data is kept; null: in the embedded database, which is what the file may not have meant */
export function unsetWarnings(
  root: MapNode,
  kept: readonly Path[],
  database: string | null,
  place: (...path: Path) => ConfigPlace,
): ConfigWarning[] {
  const warnings: ConfigWarning[] = [];
  if (database === null && isUnset(findNode(root, ['general_settings', 'database_url']))) {
    warnings.push({
      code: 'unset_variable',
      message: 'The variable that database_url names is not set, so the data is kept in a file on this machine.',
      places: [place('general_settings', 'database_url')],
    });
  }
  if (kept.length > 0) {
    warnings.push({
      code: 'unset_variable',
      message: 'Variables that log destinations of teams name are not set, so these destinations get no records.',
      places: kept.map((path) => place(...path)),
    });
  }
  return warnings;
}

function isUnset(node: ConfigNode | undefined): node is ConfigNode & { kind: 'scalar'; reference: string } {
  return node?.kind === 'scalar' && node.value === null && node.reference !== undefined;
}
