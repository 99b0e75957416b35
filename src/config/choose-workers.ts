import type { Report } from './config-problem.ts';
import { wholeNumber } from './fields.ts';
import type { OutsideReader } from './outside-settings.ts';

/** More on one machine only get into each other's way. */
const MOST_WORKERS = 256;

/** How many processes serve. Several need a database that they can share, and to count together. */
export function chooseWorkers(
  outside: OutsideReader,
  { databaseUrl, counters }: { databaseUrl: string | null; counters: string | null },
  report: Report,
): number {
  const count = wholeNumber(1, MOST_WORKERS);
  const workers = outside(count, 'workers') ?? outside(count, 'sharedWorkers') ?? 1;
  if (workers > 1 && !isPostgres(databaseUrl)) {
    const message =
      `${workers} workers need a database that several processes can share: set DATABASE_URL (or ` +
      'general_settings.database_url) to a postgresql:// address, or run one worker. The embedded database belongs to one process';
    report({ path: '--workers', at: null, message });
  } else if (workers > 1 && counters === 'memory') {
    const message =
      `${workers} workers would each grant the whole of a limit while general_settings.counters is memory: ` +
      'leave it out, or set it to postgres or redis';
    report({ path: '--workers', at: null, message });
  }
  return workers;
}

/** Several processes can use it, on several hosts. */
export function isPostgres(databaseUrl: string | null): boolean {
  return databaseUrl !== null && /^postgres(ql)?:/.test(databaseUrl);
}
