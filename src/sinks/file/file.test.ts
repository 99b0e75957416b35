import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { batchOf } from '../__fixtures__/batch.ts';
import { createHttpOutlet } from '../send-http.ts';
import { findSinkKind } from '../sink-kinds.ts';
import { createSinkVars } from '../sink-vars.ts';

const directory = mkdtempSync(join(tmpdir(), 'latchkey-file-sink-'));
const outlet = createHttpOutlet({ allowed: [] });
afterEach(async () => {
  rmSync(directory, { recursive: true, force: true });
  await outlet.close();
});

describe('the local files', () => {
  it('hold each batch once, however often it is written', async () => {
    const vars = createSinkVars({}, { LATCHKEY_LOG_DIRECTORY: directory });
    const sink = findSinkKind('file')?.create(vars, { ...outlet, nowMs: () => 0 });
    await sink?.deliver(batchOf('b1', [{ id: '1' }]));
    await sink?.deliver(batchOf('b1', [{ id: '1' }]));
    await sink?.deliver(batchOf('b2', [{ id: '2' }]));
    const day = join(directory, '2023-11-14');
    expect(readdirSync(day).sort()).toEqual(['batch-20231114T221320Z-b1.ndjson', 'batch-20231114T221320Z-b2.ndjson']);
    expect(readFileSync(join(day, 'batch-20231114T221320Z-b1.ndjson'), 'utf8')).toBe('{"id":"1"}\n');
  });
});
