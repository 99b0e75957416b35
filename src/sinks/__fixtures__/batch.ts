import type { LogPayload } from '../../core/log-payload.ts';
import type { SinkBatch } from '../sink.ts';

/** A batch of such records, as the queue hands it over. */
export function batchOf(id: string, records: readonly object[], createdAtMs = 1_700_000_000_000): SinkBatch {
  return {
    id,
    createdAtMs,
    count: records.length,
    ndjson: Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join('')),
    records: () => records as LogPayload[],
  };
}
