import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LedgerLogger } from './ledger.ts';

/** Where journal lines end up that can be neither read nor shipped: kept for a person to look at, one JSON per line. */
export interface Quarantine {
  /** Never throws: on a full disk the log has to do. */
  put(position: number, reason: string, line: string, cause?: unknown): void;
}

/** The file `quarantine.ndjson` in `directory`, made when it is first needed. */
export function createQuarantine(directory: string, logger: LedgerLogger): Quarantine {
  const path = join(directory, 'quarantine.ndjson');
  return {
    put(position, reason, line, cause) {
      let kept = true;
      try {
        appendFileSync(path, `${JSON.stringify({ position, reason, line })}\n`, { mode: 0o600 });
      } catch {
        kept = false;
      }
      logger.error({ position, reason, path, kept, err: cause }, 'A journal line was put into quarantine');
    },
  };
}
