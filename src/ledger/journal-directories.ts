import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /^journal(-\d+)?$/;
const SEGMENT = /^segment-\d+\.ndjson$/;

/** Where the n-th process (from 1) of a data directory keeps its journal; the first one's is called as if it were the only one. */
export function journalDirectory(dataDir: string, number: number): string {
  return join(dataDir, number === 1 ? 'journal' : `journal-${number}`);
}

/** The journals in a data directory that hold records. Looks and changes nothing: they may be in use. */
export function listUsedJournals(dataDir: string): string[] {
  return readdirSync(dataDir)
    .filter((name) => NAME.test(name))
    .map((name) => join(dataDir, name))
    .filter(holdsRecords);
}

function holdsRecords(directory: string): boolean {
  return readdirSync(directory).some(
    (name) => SEGMENT.test(name) && (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0) > 0,
  );
}
