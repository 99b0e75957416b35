import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createDeadLetters } from './dead-letters.ts';
import { deliverBatch } from './deliver-batch.ts';

it('a line that a failing disk has spoilt is kept aside, and all others are delivered', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-letters-'));
  const letters = createDeadLetters(directory, 1024 * 1024);
  const lines = ['{"id":"1"}', '{"id":"2","mod\0\0\0', '{"id":"3"}', '{"id":"4"}'];
  const ndjson = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const batch = { id: 'b-0', start: 0, end: ndjson.length, count: lines.length, createdAtMs: 0, ndjson };
  const delivered: string[] = [];
  const paths: (string | null)[] = [];
  const sink = {
    async deliver({ records }: { records: () => { id: string }[] }) {
      delivered.push(...records().map(({ id }) => id));
    },
  };
  await deliverBatch(sink, batch, (line, reason) => paths.push(letters.put('sink', reason, line)));
  expect(delivered).toEqual(['1', '3', '4']);
  const [path] = paths;
  expect(paths).toEqual([path]);
  expect(JSON.parse(readFileSync(path as string, 'utf8'))).toEqual({
    reason: 'what stands on disk is no record',
    record: lines[1],
  });
  rmSync(directory, { recursive: true });
});
