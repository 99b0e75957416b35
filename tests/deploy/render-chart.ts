// Renders the chart's templates without Helm. It knows the few actions that they use, and throws on any other, so that a
// template never passes because part of it was skipped.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';

type Values = Record<string, unknown>;

/** Every manifest of the chart, parsed. Throws on what is not YAML. */
export function renderChart(chart: string, values: Values): { kind: string; manifest: Values }[] {
  const scope = { Values: values, Release: { Name: 'demo', Namespace: 'default' } };
  const folder = join(chart, 'templates');
  return readdirSync(folder).flatMap((name) =>
    parseAllDocuments(render(readFileSync(join(folder, name), 'utf8'), scope)).flatMap((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw new Error(`${name}: ${error.message}`);
      const manifest = document.toJS() as Values | null;
      return manifest === null ? [] : [{ kind: String(manifest.kind), manifest }];
    }),
  );
}

function render(template: string, scope: Values): string {
  const parts = template.split(/(\s*\{\{-.*?\}\}|\{\{.*?\}\})/s);
  let text = '';
  /** Whether each open `if` holds. */
  const open: boolean[] = [];
  for (const part of parts) {
    const action = /^\s*\{\{-?\s*(.*?)\s*\}\}$/s.exec(part)?.[1];
    const [, condition] = /^if (.*)$/.exec(action ?? '') ?? [];
    if (action === 'end') {
      if (open.pop() === undefined) throw new Error('an end without an if');
    } else if (condition !== undefined) {
      const negated = condition.startsWith('not ');
      open.push(isTrue(find(scope, condition.replace(/^not /, ''))) !== negated);
    } else if (open.every((holds) => holds)) {
      text += action === undefined ? part : evaluate(scope, action);
    }
  }
  if (open.length > 0) throw new Error('an if without an end');
  return text;
}

function evaluate(scope: Values, action: string): string {
  const [source = '', ...filters] = action.split(' | ');
  const [, plain] = /^toYaml (\S+)$/.exec(source) ?? [];
  const start = plain === undefined ? String(find(scope, source)) : stringify(find(scope, plain)).trimEnd();
  return filters.reduce((text, filter) => {
    const [, width] = /^nindent (\d+)$/.exec(filter) ?? [];
    if (width !== undefined) return `\n${text.replace(/^/gm, ' '.repeat(Number(width)))}`;
    if (filter === 'quote') return JSON.stringify(text);
    throw new Error(`unknown function: ${filter}`);
  }, start);
}

function find(scope: Values, path: string): unknown {
  if (!/^(\.[A-Za-z]+)+$/.test(path)) throw new Error(`unknown expression: ${path}`);
  return path
    .slice(1)
    .split('.')
    .reduce<unknown>((value, name) => {
      const inner = (value as Values | undefined)?.[name];
      if (inner === undefined) throw new Error(`no such value: ${path}`);
      return inner;
    }, scope);
}

function isTrue(value: unknown): boolean {
  return value !== '' && value !== false && value !== 0 && value !== null;
}
