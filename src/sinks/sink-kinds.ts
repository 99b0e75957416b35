import { file } from './file/file.ts';
import type { SinkKind } from './sink-kind.ts';
import { webhook } from './webhook/webhook.ts';

/** All types of destinations. A new one is a line here. */
const KINDS: readonly SinkKind[] = [webhook, file];

const byType = new Map(KINDS.map((kind) => [kind.type, kind]));

/** Undefined: there is none of that name. */
export function findSinkKind(type: string): SinkKind | undefined {
  return byType.get(type);
}
