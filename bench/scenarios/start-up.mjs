// From `node dist/main.js serve` to the first readiness answer.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRssBytes } from '../cpu-time.mjs';
import { megabytes, significant, table } from '../format.mjs';
import { median } from '../statistics.mjs';
import { startGateway } from '../targets.mjs';

const TARGET_MS = 2_000;

/** @type {import('../run.mjs').Scenario} */
export const startUp = {
  name: 'start',
  aliases: ['S12'],
  title: 'Start-up',
  async run({ quick }) {
    /** @type {number[]} */
    const fresh = [];
    /** @type {number[]} */
    const again = [];
    /** @type {number[]} */
    const rss = [];
    for (let start = 0; start < (quick ? 2 : 10); start += 1) {
      const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-bench-data-'));
      for (const times of [fresh, again]) {
        const gateway = await startGateway(1, { key: null, dataDir });
        times.push(gateway.startedInMs);
        rss.push(readRssBytes(gateway.pid));
        await gateway.stop();
      }
      rmSync(dataDir, { recursive: true, force: true });
    }
    const worst = Math.max(...fresh, ...again);
    return {
      verdict: worst < TARGET_MS ? 'met' : 'lost',
      target: `ready in under ${TARGET_MS / 1_000} s, on one core`,
      outcome: `${significant(worst)} ms at worst`,
      figures: { worstMs: worst, freshMs: median(fresh), againMs: median(again) },
      markdown: [
        `${fresh.length} starts with an empty data directory, each followed by one with the data of the first. Fresh process, warm disk cache.`,
        table(
          ['', 'median', 'worst'],
          [
            ['empty data directory', `${median(fresh).toFixed(0)} ms`, `${Math.max(...fresh).toFixed(0)} ms`],
            ['existing data', `${median(again).toFixed(0)} ms`, `${Math.max(...again).toFixed(0)} ms`],
          ],
        ),
        `Memory when ready: ${megabytes(median(rss))}.`,
      ],
    };
  },
};
