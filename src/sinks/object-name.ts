import type { SinkBatch } from './sink.ts';

/**
 * `2026-11-24/batch-20261124T101500Z-….ndjson`: where stores of objects keep a batch. A repeat has the same name, so it
 * replaces what an earlier try may have left.
 */
export function batchObjectName({ id, createdAtMs }: Pick<SinkBatch, 'id' | 'createdAtMs'>): string {
  const time = new Date(createdAtMs).toISOString();
  const stamp = `${time.slice(0, 19).replace(/[-:]/g, '')}Z`;
  return `${time.slice(0, 10)}/batch-${stamp}-${id}.ndjson`;
}
