import { datadog } from './datadog/datadog.ts';
import { file } from './file/file.ts';
import { gcs } from './gcs/gcs.ts';
import { langfuse, langfuseOtel } from './langfuse/langfuse.ts';
import { otel } from './otlp/otel.ts';
import { s3, s3v2 } from './s3/s3.ts';
import type { SinkKind } from './sink-kind.ts';
import { webhook } from './webhook/webhook.ts';

/** All types of destinations. A new one is a line here. */
const KINDS: readonly SinkKind[] = [gcs, webhook, file, s3, s3v2, langfuse, langfuseOtel, otel, datadog];

const byType = new Map(KINDS.map((kind) => [kind.type, kind]));

/** Undefined: there is none of that name. */
export function findSinkKind(type: string): SinkKind | undefined {
  return byType.get(type);
}
