// Compiles src into dist. The result replaces dist only when the compiler was content, so a failed build leaves the
// last good one in place, and no module of a deleted source file survives.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

/** The compiled entry point. */
export const distMain = join(dist, 'main.js');

/**
 * Builds dist from src; throws when the sources do not compile.
 */
export function build() {
  const fresh = join(root, `.dist-${process.pid}`);
  const old = `${fresh}-old`;
  try {
    const compiled = spawnSync(process.execPath, [findCompiler(), '-p', 'tsconfig.build.json', '--outDir', fresh], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (compiled.status !== 0) throw new Error('build failed: the sources do not compile');
    chmodSync(join(fresh, 'main.js'), 0o755);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/**
 * True when dist is missing or older than anything it is made from. An installed package has no src: never stale.
 */
export function isDistStale() {
  const sources = join(root, 'src');
  if (!existsSync(sources)) return false;
  if (!existsSync(distMain)) return true;
  const builtMs = statSync(distMain).mtimeMs;
  const inputs = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) => join(root, name));
  // The folders too: deleting a file changes only its folder's time.
  for (const entry of readdirSync(sources, { recursive: true, encoding: 'utf8' })) inputs.push(join(sources, entry));
  return inputs.some((path) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > builtMs);
}

function findCompiler() {
  try {
    return createRequire(import.meta.url).resolve('typescript/lib/tsc.js');
  } catch (cause) {
    throw new Error('TypeScript is not installed: run `npm ci` first', { cause });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    build();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
