// Runs dependency-cruiser over src and believes it only when it says that it looked at every source file: with a
// compiler it does not understand, or a broken config, it reports "no violations" of nothing at all.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const sources = readdirSync(new URL('../src', import.meta.url), { recursive: true, encoding: 'utf8' })
  .map((path) => `src/${path.replaceAll('\\', '/')}`)
  .filter((path) => /\.(ts|js)$/.test(path) && !path.includes('/__fixtures__/'));

const cruised = spawnSync(
  process.execPath,
  ['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', 'src', '-T', 'json'],
  {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  },
);
if (!cruised.stdout.startsWith('{')) {
  console.error(`dependency-cruiser did not run:\n${cruised.stdout}${cruised.stderr}`);
  process.exit(1);
}

/** @type {{ modules: { source: string }[], summary: { violations: { from: string, to: string, rule: { name: string } }[] } }} */
const { modules, summary } = JSON.parse(cruised.stdout);
const seen = new Set(modules.map((module) => module.source));
const unseen = sources.filter((path) => !seen.has(path));

for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} → ${to}`);
for (const path of unseen) console.error(`not-looked-at: ${path}`);
if (sources.length === 0) console.error('not-looked-at: src is empty');
console.log(`${seen.size} modules cruised, ${summary.violations.length} violations`);
process.exitCode = summary.violations.length > 0 || unseen.length > 0 || sources.length === 0 ? 1 : 0;
