// Opens and settles calls as fast as it can until it is killed; prints `open ID` and `settle ID` once each is acknowledged.
// Arguments: directory, database file, prefix of the request ids.

import { writeSync } from 'node:fs';
import { register } from 'node:module';

register('../../src/config/strip-types-loader.js', import.meta.url);
const { openLedger } = await import('../../src/ledger/open-ledger.ts');
const { openStorage } = await import('../../src/storage/open-storage.ts');
const { buildIntent, buildRecord } = await import('../../src/ledger/__fixtures__/calls.ts');

const [directory = '', url = '', prefix = ''] = process.argv.slice(2);
const silent = () => {};
const storage = await openStorage({ url, nowMs: Date.now, poolSize: 2 });
const { ledger } = await openLedger({
  directory,
  database: storage.writes,
  reads: storage.reads,
  dialect: storage.dialect,
  fsync: false,
  shipEveryMs: 5,
  maxBatch: 20,
  segmentBytes: 50_000,
  nowMs: Date.now,
  logger: { info: silent, warn: silent, error: silent },
});

/** @param {string} lane */
async function call(lane) {
  for (let count = 0; ; count += 1) {
    const id = `${prefix}-${lane}-${count}`;
    await ledger.open(buildIntent(id));
    say(`open ${id}\n`);
    // Some calls take several turns, so that there are always some in flight.
    for (let turn = 0; turn < count % 5; turn += 1) await new Promise((resume) => setImmediate(resume));
    await ledger.settle(buildRecord(id, 1 + (count % 7)));
    say(`settle ${id}\n`);
  }
}
for (const lane of ['a', 'b', 'c', 'd']) void call(lane);

/**
 * At once, whatever becomes of this process next. The pipe does not block, so a reader that is behind is waited for.
 *
 * @param {string} line
 */
function say(line) {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if (/** @type {{ code?: unknown }} */ (error).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
