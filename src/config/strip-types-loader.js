// @ts-check
/**
 * A module loader that lets Node versions without type stripping of their own import TypeScript. Runs on the loader
 * thread, hence plain JavaScript. Types become spaces, so line numbers in errors stay right.
 */
import { readFile } from 'node:fs/promises';
import { transformSync } from 'amaro';

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !/\.m?ts$/.test(new URL(url).pathname)) return nextLoad(url, context);
  const { code } = transformSync(await readFile(new URL(url), 'utf8'), { mode: 'strip-only', filename: url });
  return { format: 'module', source: code, shortCircuit: true };
}
