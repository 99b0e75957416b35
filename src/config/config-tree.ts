/** A configuration file as a tree that remembers where everything is written, so that a complaint can say so. */
import type { Json } from '../core/json.ts';
import type { Position } from './config-problem.ts';

export type ConfigNode = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly at: Position;
  readonly value: string | number | boolean | null;
  /** For what came from a variable: the reference as it is written, `os.environ/NAME`. */
  readonly reference?: string;
}

export interface ListNode {
  readonly kind: 'list';
  readonly at: Position;
  readonly items: readonly ConfigNode[];
}

export interface MapNode {
  readonly kind: 'map';
  readonly at: Position;
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  /** Where the name is written. */
  readonly at: Position;
  readonly node: ConfigNode;
}

export type Path = readonly PropertyKey[];

/** `['model_list', 0, 'model_name']` → `model_list.0.model_name`. */
export function formatPath(path: Path): string {
  return path.map(String).join('.');
}

/** The plain value. `written`: references as they stand in the file instead of what they stand for. */
export function toPlain(node: ConfigNode, written = false): Json {
  switch (node.kind) {
    case 'scalar':
      return written && node.reference !== undefined ? node.reference : node.value;
    case 'list':
      return node.items.map((item) => toPlain(item, written));
    case 'map': {
      // Entries, not assignment: a setting named `__proto__` must stay a plain property.
      return Object.fromEntries([...node.entries].map(([name, entry]) => [name, toPlain(entry.node, written)]));
    }
  }
}

/** The node at a path; undefined where there is none. */
export function findNode(root: ConfigNode, path: Path): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.node;
    else if (node?.kind === 'list') node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

/** Where a path is written: its value, or the nearest thing around it when it is missing. */
export function locate(root: ConfigNode, path: Path): Position {
  for (let length = path.length; length > 0; length--) {
    const node = findNode(root, path.slice(0, length));
    if (node !== undefined) return node.at;
  }
  return root.at;
}
