import { isJsonObject, parseJson } from '../../core/json.ts';
import type { LogPayload } from '../../core/log-payload.ts';
import { type Sink, type SinkBatch, SinkError } from '../sink.ts';
import { cutLines } from './cut-lines.ts';
import type { SpooledBatch } from './spool.ts';

/** A record that its destination will never take. */
export type OnRefused = (line: Buffer, reason: string) => void;

/**
 * Delivers all of a batch, or throws because trying again may help. Where a batch is refused for what is in it, its
 * halves are delivered by themselves, down to single records: one that nobody wants keeps none of the others back. The
 * halves are the same on every repeat, and so are their names.
 */
export async function deliverBatch(
  sink: Pick<Sink, 'deliver'>,
  batch: SpooledBatch,
  onRefused: OnRefused,
): Promise<void> {
  try {
    await sink.deliver(toSinkBatch(batch));
  } catch (error) {
    if (!(error instanceof SinkError) || error.verdict === 'later') throw error;
    if (batch.count === 1) {
      onRefused(batch.ndjson, error.message);
      return;
    }
    for (const half of halve(batch)) await deliverBatch(sink, half, onRefused);
  }
}

function toSinkBatch({ id, createdAtMs, count, ndjson }: SpooledBatch): SinkBatch {
  return { id, createdAtMs, count, ndjson, records: () => readRecords(ndjson) };
}

/** @throws SinkError for a line that a failing disk has spoilt: it comes to lie with what destinations refuse. */
function readRecords(ndjson: Buffer): LogPayload[] {
  return ndjson
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const record = parseJson(line);
      if (isJsonObject(record)) return record as unknown as LogPayload;
      throw new SinkError('never', 'what stands on disk is no record');
    });
}

function halve(batch: SpooledBatch): SpooledBatch[] {
  const count = Math.ceil(batch.count / 2);
  const { bytes } = cutLines(batch.ndjson, count);
  return [
    { ...batch, id: `${batch.id}a`, count, ndjson: batch.ndjson.subarray(0, bytes) },
    { ...batch, id: `${batch.id}b`, count: batch.count - count, ndjson: batch.ndjson.subarray(bytes) },
  ];
}
