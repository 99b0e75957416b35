/**
 * `os.environ/NAME` in any text of the file → the variable's value, or null where it is not set. The file's own
 * `environment_variables` come first; like any other text they may refer to the environment.
 */
import type { Report } from './config-problem.ts';
import type { ConfigNode, MapNode } from './config-tree.ts';
import { findVariable } from './env.ts';

const REFERENCE = 'os.environ/';

/** The name in `os.environ/NAME`; undefined for any other text. */
export function variableName(reference: string | undefined): string | undefined {
  return reference?.startsWith(REFERENCE) ? reference.slice(REFERENCE.length) : undefined;
}

/** The variables that `os.environ/` can name: the process's, then those of `environment_variables` on top. */
export function withFileVariables(
  root: MapNode,
  variables: Readonly<Record<string, string>>,
  report: Report,
): Record<string, string> {
  const result = { ...variables };
  const section = root.entries.get('environment_variables')?.node;
  if (section === undefined || (section.kind === 'scalar' && section.value === null)) return result;
  if (section.kind !== 'map') {
    report({ path: 'environment_variables', at: section.at, message: 'expected a map of names and values' });
    return result;
  }
  for (const [name, entry] of section.entries) {
    const node = resolveVariables(entry.node, variables);
    if (node.kind !== 'scalar') {
      report({ path: `environment_variables.${name}`, at: node.at, message: 'expected a string' });
    } else if (node.value !== null && node.value !== '') {
      result[name] = String(node.value);
    }
  }
  return result;
}

/** The same tree with every reference replaced; each replaced node remembers how it was written. */
export function resolveVariables(node: ConfigNode, variables: Readonly<Record<string, string>>): ConfigNode {
  switch (node.kind) {
    case 'list':
      return { ...node, items: node.items.map((item) => resolveVariables(item, variables)) };
    case 'map': {
      const entries = [...node.entries].map(
        ([name, entry]) => [name, { ...entry, node: resolveVariables(entry.node, variables) }] as const,
      );
      return { ...node, entries: new Map(entries) };
    }
    case 'scalar': {
      if (typeof node.value !== 'string') return node;
      const name = variableName(node.value);
      if (name === undefined) return node;
      return { ...node, value: findVariable(variables, name) ?? null, reference: node.value };
    }
  }
}
