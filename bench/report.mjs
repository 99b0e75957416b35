// Writes docs/benchmarks.md. The last result of every scenario is kept in bench/results.json, so that running one of
// them renews its section only.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';

const RESULTS = new URL('results.json', import.meta.url);
const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url);

/**
 * @typedef {object} Kept
 * @property {import('./run.mjs').Result} result
 * @property {string} date
 * @property {string} code The commit that was measured.
 * @property {string} machine
 * @property {string} versions
 */

/**
 * @param {readonly import('./run.mjs').Scenario[]} scenarios In the document's order.
 * @param {import('./run.mjs').Scenario} scenario
 * @param {import('./run.mjs').Result} result
 */
export function writeReport(scenarios, scenario, result) {
  /** @type {Record<string, Kept>} */
  const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
  const circumstances = { date: new Date().toISOString().slice(0, 10), code: describeCode() };
  results[scenario.name] = { ...circumstances, machine: describeMachine(), versions: describeVersions(), result };
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(DOCUMENT, toDocument(scenarios, results));
}

/**
 * @param {readonly import('./run.mjs').Scenario[]} scenarios
 * @param {Record<string, Kept>} results
 */
function toDocument(scenarios, results) {
  const run = scenarios.filter(({ name }) => results[name] !== undefined);
  const summary = run.map(({ name, title }) => {
    const { result } = /** @type {Kept} */ (results[name]);
    return `| [${title}](#${anchor(title)}) | ${result.target} | ${result.outcome} | ${VERDICTS[result.verdict]} |`;
  });
  const sections = run.map(({ name, title }) => {
    const { result, date, code, machine, versions } = /** @type {Kept} */ (results[name]);
    const footer = `<sub>${date}, ${code}. ${machine}. ${versions}. \`npm run bench -- ${name}\`</sub>`;
    return [
      `## ${title}`,
      `${VERDICTS[result.verdict]}: ${result.outcome}. Target: ${result.target}.`,
      ...result.markdown,
      footer,
    ];
  });
  return `${[INTRODUCTION, `| scenario | target | measured | |\n|---|---|---|---|\n${summary.join('\n')}`, ...sections.flat()].join('\n\n')}\n`;
}

const VERDICTS = { met: 'met', lost: '**lost**', void: 'void (the machine was too restless)', none: '–' };

const INTRODUCTION = `# Benchmarks

Written by \`npm run bench\`; do not edit. Every figure comes from the machine and the commit named under its section.

How it is measured: the target runs on one core, the upstream (canned answers) and the load on another, all on loopback.
A comparison is made in rounds with a fresh process for each side. All are up at once; after a warm-up of 3 s each (or as a
section says) they take turns, in random order, at four windows of 1 s after 1 s of load. (Sections from before 2026-11-28:
one process after the other, three windows of 1.5 s.) The figure is the median of the rounds' ratios with its 95 % bootstrap
interval, and a target is met when the interval's bad end meets it. The gateway is also measured against itself: when that
interval leaves 0.90–1.10, the run is void. CPU is what Linux booked for all threads of the process (\`schedstat\`), the
database's thread included.

*Governed* means: the key is looked up by its hash, it has a budget, rpm and tpm, all of them are held and settled, the
call is journalled before its last byte leaves and shipped to SQLite, usage is read from the answer and priced, and one log
line is written. *Bare proxy* is [bench/baseline-proxy.mjs](../bench/baseline-proxy.mjs): Fastify and undici's
\`dispatch\`, and nothing else; targets are about it. *Proxy as in the manuals* is the same with undici's \`request\` and
the answer's body as a stream to Fastify, which is how both libraries' manuals show it and how such proxies are mostly written.`;

/** @param {string} title */
function anchor(title) {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');
}

function describeMachine() {
  const [core] = cpus();
  return `${cpus().length} × ${core?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split('-')[0]}`;
}

function describeVersions() {
  const require = createRequire(import.meta.url);
  const versions = ['fastify', 'undici'].map((name) => `${name} ${require(`${name}/package.json`).version}`);
  return [`Node ${process.versions.node}`, ...versions].join(', ');
}

function describeCode() {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const changed = execFileSync('git', ['status', '--porcelain', 'src'], { encoding: 'utf8' }) !== '';
  return `commit ${commit}${changed ? ' with changes' : ''}`;
}
