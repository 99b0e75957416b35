import { ConfigError, type ConfigProblem, type Report } from '../../config/config-problem.ts';
import { type MapNode, toPlain } from '../../config/config-tree.ts';
import { nearestName } from '../../config/nearest-name.ts';
import { parseYaml } from '../../config/parse-yaml.ts';
import { type Fields, RESOURCE_KINDS, type ResourceKind } from './resource-kinds.ts';

export interface Wanted {
  kind: ResourceKind;
  name: string;
  /** Without its name. */
  fields: Fields;
}

export interface WantedState {
  resources: readonly Wanted[];
  /** Sections that the file has: of no other is anything known. */
  sections: ReadonlySet<string>;
}

/** What a file says there is to be. Throws a ConfigError that lists every problem with file, line and column. */
export function readWanted(text: string, file: string): WantedState {
  const problems: ConfigProblem[] = [];
  const report: Report = (problem) => void problems.push(problem);
  const root = parseYaml(text, file, report);
  const resources: Wanted[] = [];
  for (const [section, { at, node }] of root?.entries ?? []) {
    const kind = RESOURCE_KINDS.find((known) => known.section === section);
    if (kind === undefined) {
      report({
        path: section,
        at,
        message: `there is no such section${suggest(
          section,
          RESOURCE_KINDS.map((one) => one.section),
        )}`,
      });
    } else if (node.kind === 'list') {
      const seen = new Set<string>();
      for (const [index, item] of node.items.entries()) {
        const path = `${section}.${index}`;
        if (item.kind !== 'map') report({ path, at: item.at, message: 'has to be a map of fields' });
        else resources.push(...readOne(kind, item, { path, report, seen }));
      }
    } else if (!(node.kind === 'scalar' && node.value === null)) {
      report({ path: section, at: node.at, message: 'has to be a list' });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return { resources, sections: new Set(root?.entries.keys()) };
}

function readOne(
  kind: ResourceKind,
  node: MapNode,
  { path, report, seen }: { path: string; report: Report; seen: Set<string> },
): Wanted[] {
  for (const [field, { at }] of node.entries) {
    if (field === kind.id || kind.fields.includes(field)) continue;
    report({
      path: `${path}.${field}`,
      at,
      message: `a ${kind.noun} has no such field${suggest(field, [kind.id, ...kind.fields])}`,
    });
  }
  const { [kind.id]: name, ...fields } = toPlain(node) as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') {
    const entry = node.entries.get(kind.id);
    report({
      path: `${path}.${kind.id}`,
      at: entry?.at ?? node.at,
      message: `every ${kind.noun} needs a ${kind.id}, a text`,
    });
    return [];
  }
  if (seen.has(name)) report({ path: `${path}.${kind.id}`, at: node.at, message: `is there twice: ${name}` });
  seen.add(name);
  return [{ kind, name, fields }];
}

function suggest(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}
