/**
 * YAML text → a tree with positions. Follows YAML 1.2 (so `no` and `2024-02-01` are texts), and merge keys (`<<`).
 * A file that is not valid YAML is reported with line and column, and without quoting it: the line may hold a secret.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import type { Position, Report } from './config-problem.ts';
import type { ConfigNode, MapEntry, MapNode } from './config-tree.ts';

/** Deeper than any real configuration; ends an anchor that contains itself. */
const MAX_DEPTH = 50;

/** Problems of the text, in our words, since the parser's quote the text. */
const SYNTAX_PROBLEMS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'this alias has no anchor before it',
  BAD_INDENT: 'the indentation does not match the lines around it',
  BAD_DQ_ESCAPE: 'this is no escape sequence of a double-quoted text',
  BAD_SCALAR_START: 'a text that begins with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two settings on one line, or a text with `: ` in it that needs quotes',
  BLOCK_IN_FLOW: 'an indented list or map cannot stand inside [ ] or { }',
  DUPLICATE_KEY: 'this setting is given twice',
  MISSING_CHAR: 'a closing quote, bracket or brace, or a `:` is missing',
  MULTILINE_IMPLICIT_KEY: 'the name of a setting must be on one line and end with `:`',
  MULTIPLE_DOCS: 'the file holds more than one document (`---`)',
  TAB_AS_INDENT: 'indented with a tab; YAML wants spaces',
};

/** The tree of a file, or undefined when it is not valid YAML or not a map of settings. An empty file is an empty map. */
export function parseYaml(text: string, file: string, report: Report): MapNode | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Nothing is logged by it; 'silent' would also keep quiet about a second document, and lose what it says.
    logLevel: 'error',
    uniqueKeys: true,
    merge: true,
  });
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  for (const error of document.errors) {
    report({
      path: '',
      at: positionOf(error.pos[0]),
      message: SYNTAX_PROBLEMS[error.code] ?? 'this is not valid YAML',
    });
  }
  if (document.errors.length > 0) return undefined;

  const start: Position = { file, line: 1, column: 1 };
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return { kind: 'map', at: start, entries: new Map() };
  }
  const root = new TreeBuilder(document, positionOf, report).build(document.contents, start, 0);
  if (root.kind === 'map') return root;
  report({ path: '', at: root.at, message: 'expected a map of settings' });
  return undefined;
}

class TreeBuilder {
  readonly #document: Document;
  readonly #positionOf: (offset: number) => Position;
  readonly #report: Report;

  constructor(document: Document, positionOf: (offset: number) => Position, report: Report) {
    this.#document = document;
    this.#positionOf = positionOf;
    this.#report = report;
  }

  build(node: Node | null, around: Position, depth: number): ConfigNode {
    const at = node?.range ? this.#positionOf(node.range[0]) : around;
    if (depth > MAX_DEPTH) {
      this.#report({ path: '', at, message: 'nested too deeply' });
      return { kind: 'scalar', at, value: null };
    }
    if (isAlias(node)) return this.build(node.resolve(this.#document) ?? null, at, depth + 1);
    if (isSeq(node)) {
      return { kind: 'list', at, items: node.items.map((item) => this.build(item as Node | null, at, depth + 1)) };
    }
    if (isMap(node)) {
      const entries = new Map<string, MapEntry>();
      const merged: MapEntry[] = [];
      for (const pair of node.items as Pair<Node | null, Node | null>[]) {
        const keyAt = pair.key?.range ? this.#positionOf(pair.key.range[0]) : at;
        const name = isScalar(pair.key) ? nameOf(pair.key.value) : undefined;
        if (name === undefined) {
          this.#report({ path: '', at: keyAt, message: 'the name of a setting must be a text' });
          continue;
        }
        const entry = { at: keyAt, node: this.build(pair.value, keyAt, depth + 1) };
        if (name === '<<') merged.push(entry);
        else entries.set(name, entry);
      }
      for (const entry of merged) this.#merge(entry, entries);
      return { kind: 'map', at, entries };
    }
    const value = isScalar(node) ? node.value : null;
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
    return { kind: 'scalar', at, value: plain };
  }

  /** `<<: *base`: what the base has and the map does not say itself. */
  #merge(entry: MapEntry, entries: Map<string, MapEntry>): void {
    const bases = entry.node.kind === 'list' ? entry.node.items : [entry.node];
    for (const base of bases) {
      if (base.kind !== 'map') {
        this.#report({ path: '', at: entry.at, message: '`<<` takes a map, or a list of maps' });
        continue;
      }
      for (const [name, inherited] of base.entries) if (!entries.has(name)) entries.set(name, inherited);
    }
  }
}

/** The parser hands out the name of a merge key (`<<`) as a symbol that describes itself. */
function nameOf(value: unknown): string {
  return typeof value === 'symbol' ? (value.description ?? '') : String(value);
}
