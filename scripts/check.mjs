// `npm run check`: everything that needs no network, no database and no build, in under a minute. Runs as many steps
// at a time as there are cores, prints each step's result, shows the output of those that failed, and exits non-zero
// when any did. `npm run check -- types lint` runs only the steps named.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache');

// The slowest first, so that the last core is not left alone with it.
const steps = [
  { name: 'unit tests', command: ['vitest', 'run', '--project', 'unit'] },
  { name: 'types', command: ['tsc', '--incremental', '--tsBuildInfoFile', join(cache, 'check.tsbuildinfo')] },
  { name: 'dead code', command: ['knip', '--no-progress'] },
  { name: 'imports', command: ['node', 'scripts/check-imports.mjs'] },
  { name: 'lint and format', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'house rules', command: ['node', 'scripts/check-house-rules.mjs'] },
];

/**
 * Runs one step to its end; never throws.
 *
 * @param {{ name: string, command: string[] }} step
 */
async function run(step) {
  const [file = '', ...args] = step.command;
  const startedMs = performance.now();
  const { code, output } = await new Promise((resolve) => {
    let output = '';
    const child = spawn(file, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}` },
    });
    const collect = (/** @type {Buffer} */ chunk) => {
      output += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ code: 1, output: `${file} could not be started: ${error.message}` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(5);
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${seconds} s  ${step.name}`);
  return { ...step, ok: code === 0, output };
}

mkdirSync(cache, { recursive: true });
const wanted = process.argv.slice(2);
const queue = steps.filter((step) => wanted.length === 0 || wanted.some((name) => step.name.includes(name)));
const startedMs = performance.now();
/** @type {Awaited<ReturnType<typeof run>>[]} */
const results = [];
await Promise.all(
  Array.from({ length: Math.max(2, availableParallelism()) }, async () => {
    for (let step = queue.shift(); step; step = queue.shift()) results.push(await run(step));
  }),
);

const failed = results.filter((result) => !result.ok);
for (const { name, output } of failed) console.log(`\n──── ${name} ────\n${output.trim()}`);
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
if (results.length === 0) console.log(`no such step: ${wanted.join(' ')}`);
else if (failed.length > 0) console.log(`\ncheck failed in ${seconds} s: ${failed.map(({ name }) => name).join(', ')}`);
else console.log(`check passed in ${seconds} s`);
process.exitCode = failed.length > 0 || results.length === 0 ? 1 : 0;
