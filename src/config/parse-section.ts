/** Runs a schema over a part of the file and says, in the file's own terms, what is wrong with it. */
import type { z } from 'zod';
import type { Report } from './config-problem.ts';
import { type ConfigNode, findNode, formatPath, locate, type Path, toPlain } from './config-tree.ts';
import { type ModelEntry, modelEntry } from './model-settings.ts';
import { variableName } from './resolve-variables.ts';

/** The typed value at `path` (an absent or empty part counts as `{}`), or undefined once problems have been reported. */
export function parseSection<S extends z.ZodType>(
  schema: S,
  root: ConfigNode,
  path: Path,
  report: Report,
): z.output<S> | undefined {
  const node = findNode(root, path);
  const absent = node === undefined || (node.kind === 'scalar' && node.value === null && node.reference === undefined);
  const result = schema.safeParse(absent ? {} : toPlain(node), { error: describeIssue });
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const at = [...path, ...issue.path];
    report({ path: formatPath(at), at: locate(root, at), message: issue.message + describeMissing(root, at) });
  }
  return undefined;
}

/** For issues that the schemas do not word themselves. */
function describeIssue(issue: { code?: string | undefined; expected?: unknown }): string {
  if (issue.code !== 'invalid_type') return 'is not valid';
  return issue.expected === 'object'
    ? 'expected a map'
    : `expected ${issue.expected === 'array' ? 'a list' : 'another kind of value'}`;
}

function describeMissing(root: ConfigNode, path: Path): string {
  const node = findNode(root, path);
  if (node?.kind !== 'scalar' || node.value !== null) return '';
  const name = variableName(node.reference);
  return name === undefined ? '' : `: the environment variable ${name} is not set`;
}

/** The entries of `model_list` that are as they should be; the others have been reported. */
export function parseModelList(root: ConfigNode, report: Report): { index: number; entry: ModelEntry }[] {
  const list = findNode(root, ['model_list']);
  if (list === undefined || (list.kind === 'scalar' && list.value === null)) return [];
  if (list.kind !== 'list') {
    report({ path: 'model_list', at: list.at, message: 'expected a list of models' });
    return [];
  }
  return list.items.flatMap((_, index) => {
    const entry = parseSection(modelEntry, root, ['model_list', index], report);
    return entry === undefined ? [] : [{ index, entry }];
  });
}
