import { sealCallbackSecrets } from '../../core/callback-secrets.ts';
import type { JsonObject } from '../../core/json.ts';
import type { TakeoverTarget } from './takeover.ts';

/** The record with the credentials of its log destinations as they are kept. */
export function withSealedSecrets<R extends { metadata: JsonObject } | undefined>(
  { sealSecret }: Pick<TakeoverTarget, 'sealSecret'>,
  record: R,
): R {
  if (record === undefined) return record;
  return { ...record, metadata: sealCallbackSecrets(record.metadata, sealSecret) as JsonObject };
}
