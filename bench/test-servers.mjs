// The database servers that the tests use, for scenarios. Their starters are written in TypeScript, which not every
// supported Node reads by itself.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { transformSync } from 'amaro';

const CACHE = new URL('../node_modules/.cache/test-servers/', import.meta.url);
const RELATIVE_IMPORT = /(from '\.\/)([\w-]+)\.ts'/g;

/**
 * @param {{ keepIn?: string, settings?: Record<string, string> }} [options] `keepIn`: a folder that keeps the data.
 * @returns {Promise<{ url: string, stop(): Promise<void> }>}
 */
export async function startPostgres(options = {}) {
  return (await load('postgres-server')).startPostgres(options);
}

/** @returns {Promise<{ url: string, stop(): Promise<void> }>} */
export async function startRedis() {
  return (await load('redis-server')).startRedis();
}

/** @param {string} name Of a module among the tests' support. */
async function load(name) {
  mkdirSync(CACHE, { recursive: true });
  strip(name);
  return import(new URL(`${name}.mjs`, CACHE).href);
}

/** A module without its types, and likewise those beside it that it imports. @param {string} name */
function strip(name) {
  const source = readFileSync(new URL(`../tests/support/${name}.ts`, import.meta.url), 'utf8');
  const { code } = transformSync(source, { mode: 'strip-only' });
  writeFileSync(new URL(`${name}.mjs`, CACHE), code.replace(RELATIVE_IMPORT, "$1$2.mjs'"));
  for (const [, , imported] of code.matchAll(RELATIVE_IMPORT)) strip(/** @type {string} */ (imported));
}
