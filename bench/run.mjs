// `npm run bench -- [--quick] [--minutes N] [--peer FOLDER] [--fleet FOLDER] [names]`: runs the scenarios named (all without names), one
// after the other, and rewrites docs/benchmarks.md. Sections of scenarios that were not run stay as they are. A quick run is for
// trying: it is printed and written nowhere.

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, isDistStale } from '../scripts/build.mjs';
import { writeReport } from './report.mjs';
import { budgetBurst } from './scenarios/budget-burst.mjs';
import { counters } from './scenarios/counters.mjs';
import { fleet } from './scenarios/fleet.mjs';
import { invalidKeys } from './scenarios/invalid-keys.mjs';
import { keyLookup } from './scenarios/key-lookup.mjs';
import { latency } from './scenarios/latency.mjs';
import { memory } from './scenarios/memory.mjs';
import { owners } from './scenarios/owners.mjs';
import { peer } from './scenarios/peer.mjs';
import { large, small, stream } from './scenarios/proxy-tax.mjs';
import { rateLimits } from './scenarios/rate-limits.mjs';
import { retention } from './scenarios/retention.mjs';
import { sinks } from './scenarios/sinks.mjs';
import { startUp } from './scenarios/start-up.mjs';
import { workers } from './scenarios/workers.mjs';
import { claimLoadCore } from './targets.mjs';

/**
 * @typedef {{ quick: boolean, minutes: number, peer: string | null, fleet: string | null, log: (line: string) => void }} Context
 */

/**
 * What a scenario found. `verdict`: `lost` is written as such; `void`: the machine was too restless to tell; `none`: a
 * figure without a target.
 *
 * @typedef {object} Result
 * @property {'met' | 'lost' | 'void' | 'none'} verdict
 * @property {string} target
 * @property {string} outcome
 * @property {Record<string, number>} figures
 * @property {string[]} markdown Paragraphs and tables.
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string[]} aliases
 * @property {string} title
 * @property {(context: Context) => Promise<Result>} run
 */

/** @type {readonly Scenario[]} */
const SCENARIOS = [
  small,
  owners,
  counters,
  workers,
  sinks,
  large,
  stream,
  latency,
  startUp,
  memory,
  keyLookup,
  budgetBurst,
  rateLimits,
  invalidKeys,
  retention,
  fleet,
  peer,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    /** Of steady load, for the memory scenario. */
    minutes: { type: 'string', default: '1' },
    /** Where another gateway is installed; without it the scenario that needs it is left out. */
    peer: { type: 'string' },
    /** Where filled fleets are kept from one run to the next; without it they are filled and thrown away. */
    fleet: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => !SCENARIOS.some((scenario) => isCalled(scenario, name)));
if (unknown.length > 0) {
  console.error(`no such scenario: ${unknown.join(', ')}. There are: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}
if (isDistStale()) build();

claimLoadCore();
const context = {
  quick: values.quick,
  minutes: Number(values.minutes),
  peer: values.peer === undefined ? null : resolve(values.peer),
  fleet: values.fleet === undefined ? null : resolve(values.fleet),
  log: console.error,
};
let lost = 0;
for (const scenario of SCENARIOS) {
  const named = positionals.some((name) => isCalled(scenario, name));
  if (!named && (positionals.length > 0 || (scenario === peer && context.peer === null))) continue;
  console.error(`${scenario.name}: ${scenario.title}`);
  const result = await scenario.run(context);
  console.log(`\n${scenario.title}: ${result.verdict.toUpperCase()}: ${result.outcome} (target: ${result.target})\n`);
  console.log(`${result.markdown.join('\n\n')}\n`);
  if (result.verdict === 'lost') lost += 1;
  if (!values.quick) writeReport(SCENARIOS, scenario, result);
}
process.exitCode = lost > 0 ? 1 : 0;

/**
 * @param {Scenario} scenario
 * @param {string} name
 */
function isCalled(scenario, name) {
  return scenario.name === name || scenario.aliases.includes(name);
}
