import type { Json, JsonObject } from '../core/json.ts';
import type { Deployment } from '../core/model.ts';
import { buildDeployments } from './build-deployments.ts';
import { checkNames } from './check-names.ts';
import type { ConfigProblem, Position } from './config-problem.ts';
import type { ConfigNode, MapNode } from './config-tree.ts';
import { parseModelList } from './parse-section.ts';
import { resolveVariables } from './resolve-variables.ts';

export type ParsedDeployment =
  | { kind: 'deployment'; deployment: Deployment; unsupported: readonly string[] }
  | { kind: 'problem'; param: string; message: string };

const NOWHERE: Position = { file: '', line: 1, column: 1 };
const PREFIX = 'model_list.0.';

/**
 * One entry of a `model_list` that does not come from a file, by the same rules. `variables` are those that
 * `os.environ/NAME` in it may stand for. The first problem is the answer where there is any.
 */
export function parseDeployment(entry: JsonObject, variables: Readonly<Record<string, string>>): ParsedDeployment {
  const problems: ConfigProblem[] = [];
  const report = (problem: ConfigProblem): void => void problems.push(problem);
  const root = resolveVariables(toNode({ model_list: [entry] }), variables) as MapNode;
  const unsupported = checkNames(root, report);
  const { deployments } = buildDeployments(parseModelList(root, report), { root, variables }, report);
  const [problem] = problems;
  const [deployment] = deployments;
  if (problem !== undefined || deployment === undefined) {
    return { kind: 'problem', param: nameOf(problem?.path ?? ''), message: problem?.message ?? 'is not a model' };
  }
  return { kind: 'deployment', deployment, unsupported: unsupported.map(({ path }) => nameOf(path)) };
}

function nameOf(path: string): string {
  return path.startsWith(PREFIX) ? path.slice(PREFIX.length) : path;
}

function toNode(value: Json): ConfigNode {
  if (Array.isArray(value)) return { kind: 'list', at: NOWHERE, items: value.map(toNode) };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, inner]) => [name, { at: NOWHERE, node: toNode(inner) }] as const);
    return { kind: 'map', at: NOWHERE, entries: new Map(entries) };
  }
  return { kind: 'scalar', at: NOWHERE, value };
}
