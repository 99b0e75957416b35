import { statSync } from 'node:fs';
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A function that the operator wrote. What it is called with and must answer is its user's business. */
export type Hook = (...args: unknown[]) => unknown;

let stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);

/**
 * Imports a hook of the operator's: `path/to/module.ts` (its default export, else its only function) or
 * `path/to/module.ts#name`. JavaScript and TypeScript both work, on every supported Node. Throws one sentence that
 * names the path when there is no such function; it is meant to stop the start.
 */
export async function loadHook(setting: string, named: string): Promise<Hook> {
  const [path = '', exportName] = setting.split('#');
  if (/\.m?ts$/.test(path) && !stripsTypes) {
    register('./strip-types-loader.js', import.meta.url);
    stripsTypes = true;
  }
  let module: Record<string, unknown>;
  try {
    module = (await import(addressOf(resolve(path)))) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${named}: ${path} cannot be loaded (${error instanceof Error ? error.message : String(error)})`, {
      cause: error,
    });
  }
  const hook = exportName === undefined ? onlyFunctionOf(module) : module[exportName];
  if (typeof hook === 'function') return hook as Hook;
  throw new Error(
    exportName === undefined
      ? `${named}: ${path} needs a default export that is a function, or name one as ${path}#name`
      : `${named}: ${path} exports no function ${exportName}`,
  );
}

/** A file that has changed is another module: Node would go on with what it has loaded before. */
function addressOf(file: string): string {
  const url = pathToFileURL(file);
  url.searchParams.set('changed', String(statSync(file).mtimeMs));
  return url.href;
}

function onlyFunctionOf(module: Record<string, unknown>): unknown {
  if (typeof module.default === 'function') return module.default;
  const functions = Object.values(module).filter((value) => typeof value === 'function');
  return functions.length === 1 ? functions[0] : undefined;
}
