import { datadog } from './datadog/datadog.ts';
import { file } from './file/file.ts';
import { gcs } from './gcs/gcs.ts';
import { langfuse } from './langfuse/langfuse.ts';
import { otel } from './otlp/otel.ts';
import { s3 } from './s3/s3.ts';
import type { SinkKind } from './sink-kind.ts';
import { webhook } from './webhook/webhook.ts';

/** All types of destinations. A new one is a line here. */
const KINDS: readonly SinkKind[] = [gcs, webhook, file, s3, langfuse, otel, datadog];

/** LiteLLM's newer names of the same. */
const OTHER_NAMES = [
  ['s3_v2', s3],
  ['langfuse_otel', langfuse],
] as const;

const byType = new Map<string, SinkKind>([...KINDS.map((kind) => [kind.type, kind] as const), ...OTHER_NAMES]);

/** Under every name that they have. */
export const SINK_TYPES: readonly string[] = [...byType.keys()];

const allVarNames = new Set(KINDS.flatMap(({ varNames }) => varNames));

/** Whether any type has a variable of this name. */
export function isVarOfSomeKind(name: string): boolean {
  return allVarNames.has(name);
}

/** Undefined: there is none of that name. */
export function findSinkKind(type: string): SinkKind | undefined {
  return byType.get(type);
}
