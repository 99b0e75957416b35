/**
 * A configuration file and the files it includes, as one tree. Paths in `include` are relative to the file that names
 * them. Lists are appended in the order of inclusion, maps are merged, and where both say something about one
 * setting, the including file has the last word.
 */
import { dirname, isAbsolute, join, normalize } from 'node:path';
import type { Position, Report } from './config-problem.ts';
import type { ConfigNode, MapEntry, MapNode } from './config-tree.ts';
import { parseYaml } from './parse-yaml.ts';

/** Text of a file; throws where there is none (the error's `code` says why, as Node's do). */
export type ReadFile = (path: string) => string;

export interface ConfigDocument {
  root: MapNode;
  /** Names of all files, in the order in which they were read. */
  files: string[];
}

/** Reads `file` and what it includes. What cannot be read or parsed is reported, and the rest is still returned. */
export function readDocument(file: string, readFile: ReadFile, report: Report): ConfigDocument {
  const files: string[] = [];
  const empty: MapNode = { kind: 'map', at: { file, line: 1, column: 1 }, entries: new Map() };

  function read(name: string, includedAt: Position | null, chain: readonly string[]): MapNode {
    files.push(name);
    let text: string;
    try {
      text = readFile(name);
    } catch (error) {
      const reason = describeReadFailure(error);
      report(
        includedAt === null
          ? { path: name, at: null, message: `cannot be read: ${reason}` }
          : { path: 'include', at: includedAt, message: `cannot read ${name}: ${reason}` },
      );
      return empty;
    }
    const root = parseYaml(text, name, report);
    if (root === undefined) return empty;

    const entries = new Map(root.entries);
    entries.delete('include');
    let merged: MapNode = { ...root, entries };
    for (const included of includedFiles(root, report)) {
      const path = isAbsolute(included.name) ? included.name : join(dirname(name), included.name);
      if ([...chain, name].some((seen) => normalize(seen) === normalize(path))) {
        report({ path: 'include', at: included.at, message: `${included.name} includes itself` });
        continue;
      }
      merged = mergeMaps(merged, read(path, included.at, [...chain, name]));
    }
    return merged;
  }

  return { root: read(file, null, []), files };
}

function includedFiles(root: MapNode, report: Report): { name: string; at: Position }[] {
  const entry = root.entries.get('include');
  if (entry === undefined || (entry.node.kind === 'scalar' && entry.node.value === null)) return [];
  const nodes = entry.node.kind === 'list' ? entry.node.items : [entry.node];
  return nodes.flatMap((node) => {
    if (node.kind === 'scalar' && typeof node.value === 'string' && node.value !== '') {
      return [{ name: node.value, at: node.at }];
    }
    report({ path: 'include', at: node.at, message: 'expected a list of file names' });
    return [];
  });
}

/** `own` with what `included` adds to it. */
function mergeMaps(own: MapNode, included: MapNode): MapNode {
  const entries = new Map<string, MapEntry>(own.entries);
  for (const [name, theirs] of included.entries) {
    const ours = entries.get(name);
    entries.set(name, ours === undefined ? theirs : { at: ours.at, node: mergeNodes(ours.node, theirs.node) });
  }
  return { ...own, entries };
}

function mergeNodes(own: ConfigNode, included: ConfigNode): ConfigNode {
  if (own.kind === 'map' && included.kind === 'map') return mergeMaps(own, included);
  if (own.kind === 'list' && included.kind === 'list') return { ...own, items: [...own.items, ...included.items] };
  // `litellm_settings:` with nothing under it says nothing.
  return own.kind === 'scalar' && own.value === null ? included : own;
}

function describeReadFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return 'it cannot be opened';
}
