// What a second process of the gateway costs and brings: CPU per call where both share a core, and calls a second where they
// may have all there is.

import { startGatewaySide } from '../chat-call.mjs';
import { FULL_PACE, measureSides, QUICK_PACE, ratioOf } from '../compare.mjs';
import { startFleetDatabase } from '../fleet-database.mjs';
import { formatEstimate } from '../format.mjs';
import { reportSides } from '../side-report.mjs';
import { BOTH_CORES, startUpstream } from '../targets.mjs';

const ONE = 'one worker';
const TWO = 'two workers';
const AGAIN = 'the same again';
const ONE_ON_BOTH = 'one worker, both cores';
const TWO_ON_BOTH = 'two workers, both cores';
/** @type {Record<string, { workers: number, core?: string }>} */
const SETTINGS = {
  [ONE]: { workers: 1 },
  [TWO]: { workers: 2 },
  [AGAIN]: { workers: 2 },
  [ONE_ON_BOTH]: { workers: 1, core: BOTH_CORES },
  [TWO_ON_BOTH]: { workers: 2, core: BOTH_CORES },
};

/** @type {import('../run.mjs').Scenario} */
export const workers = {
  name: 'workers',
  aliases: [],
  title: 'Two workers against one',
  async run({ quick, log }) {
    const upstream = await startUpstream({});
    const database = await startFleetDatabase('postgres');
    try {
      const sides = Object.entries(SETTINGS).map(([name, setting]) => ({
        name,
        // Both count in PostgreSQL, which two workers cannot do without, so that the number of them is all the difference.
        start: () =>
          startGatewaySide(upstream.port, { general: { counters: 'postgres' }, databaseUrl: database.url, ...setting }),
      }));
      const rounds = await measureSides(sides, 32, quick ? QUICK_PACE : FULL_PACE, log);
      const report = reportSides({
        what:
          '32 connections, non-streaming, a body of about 120 bytes; a budget, rpm and tpm on the key, all counted in slices ' +
          'of PostgreSQL. CPU is that of all the gateway’s processes. Where they may use both cores they share one of them ' +
          'with the load, the upstream and the database.',
        rounds,
        ours: TWO,
        theirs: ONE,
        again: AGAIN,
        limit: Number.POSITIVE_INFINITY,
        target: 'none',
      });
      const gained = ratioOf(rounds[TWO_ON_BOTH] ?? [], rounds[ONE_ON_BOTH] ?? [], 'perSecond');
      return {
        ...report,
        verdict: report.verdict === 'void' ? 'void' : 'none',
        figures: { ...report.figures, gained: gained.value },
        markdown: [
          ...report.markdown,
          `Calls a second on both cores, ${TWO} over ${ONE}: **${formatEstimate(gained)}**.`,
        ],
      };
    } finally {
      await upstream.stop();
      await database.stop();
    }
  },
};
