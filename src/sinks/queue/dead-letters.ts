import { appendFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '../../core/json.ts';

/** Where records end up that their destination refuses for what they are: kept for a person, one per line. */
export interface DeadLetters {
  /** The path of the file that holds the record now; null: it could not be kept. Never throws. */
  put(destinationId: string, reason: string, line: Buffer): string | null;
}

/** One file per destination in `directory`, which is made when it is first needed. A full one takes no more. */
export function createDeadLetters(directory: string, maxBytes: number): DeadLetters {
  return {
    put(destinationId, reason, line) {
      const path = join(directory, `${destinationId}.ndjson`);
      try {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= maxBytes) return null;
        const text = line.toString('utf8').trimEnd();
        // What is no JSON is kept as a text.
        const record = parseJson(text) === undefined ? JSON.stringify(text) : text;
        appendFileSync(path, `{"reason":${JSON.stringify(reason)},"record":${record}}\n`, { mode: 0o600 });
        return path;
      } catch {
        return null;
      }
    },
  };
}
