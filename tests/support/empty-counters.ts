import type { ExecuteSql } from '../../src/counters/batch-queue.ts';

/**
 * Empties the tables of counters in PostgreSQL, one after the other: a statement that locked all of them at once and a
 * straggler of the test before could wait for each other.
 */
export async function emptyCounters(execute: ExecuteSql): Promise<void> {
  for (const table of ['counters', 'counter_holds', 'counter_writers']) await execute(`truncate ${table}`, []);
}
