/**
 * The paths of model calls: OpenAI's, each with and without `/v1`, and Azure's, where the URL names the model. The routes
 * that serve them are made of this list, and `/key/explain` finds in it what a call of a path would be.
 */
import type { Operation } from '../core/operation.ts';

/** The last part of every path of a model call. */
const OPERATIONS: readonly { operation: Operation; path: string }[] = [
  { operation: 'chat', path: '/chat/completions' },
  { operation: 'completion', path: '/completions' },
  { operation: 'embedding', path: '/embeddings' },
];
const AZURE_PREFIXES = ['/openai/deployments/:model', '/engines/:model', '/v1/engines/:model'];

/** The route that serves some calls, as it is registered. */
export interface ModelCallPath {
  operation: Operation;
  url: string;
}

/** The paths of OpenAI's own form, which are always the same text. */
export const FIXED_PATHS: readonly ModelCallPath[] = OPERATIONS.flatMap(({ operation, path }) =>
  ['/v1', ''].map((prefix) => ({ operation, url: `${prefix}${path}` })),
);

/** Those that have the model's name in them. */
export const AZURE_PATHS: readonly ModelCallPath[] = OPERATIONS.flatMap(({ operation, path }) =>
  AZURE_PREFIXES.map((prefix) => ({ operation, url: `${prefix}${path}` })),
);

const AZURE_STARTS = AZURE_PREFIXES.map((prefix) => prefix.slice(0, -':model'.length));

/**
 * The URL with its model as one part of the path: names hold slashes (`openai/gpt-4o`), and Azure's clients write them as
 * they are. Any other URL as it is.
 */
export function joinModelName(url: string): string {
  const start = AZURE_STARTS.find((beginning) => url.startsWith(beginning));
  if (start === undefined) return url;
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  const served = path.endsWith('/') ? path.slice(0, -1) : path;
  const end = OPERATIONS.find((operation) => served.endsWith(operation.path))?.path;
  if (end === undefined) return url;
  const name = served.slice(start.length, -end.length);
  if (!name.includes('/') || name.startsWith('/') || name.endsWith('/')) return url;
  return start + name.replaceAll('/', '%2F') + url.slice(start.length + name.length);
}

/** What a call of this path would be, and the model that the path names; undefined: no model is called there. */
export function findModelCall(given: string): (ModelCallPath & { pathModel: string | null }) | undefined {
  const path = joinModelName(given);
  const fixed = FIXED_PATHS.find(({ url }) => url === path);
  if (fixed !== undefined) return { ...fixed, pathModel: null };
  for (const candidate of AZURE_PATHS) {
    const [start = '', end = ''] = candidate.url.split(':model');
    const name = path.slice(start.length, path.length - end.length);
    const isServed = path === `${start}${name}${end}` && /^[^/]+$/.test(name);
    if (isServed) return { ...candidate, pathModel: name.startsWith(':') ? null : decodeName(name) };
  }
  return undefined;
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
