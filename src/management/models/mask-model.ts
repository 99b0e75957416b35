import type { ModelRecord } from '../../core/model-record.ts';
import { maskSecrets } from '../../core/secret-fields.ts';

/** The record as it may be shown and audited: no credential, sealed or not; references to variables stay readable. */
export function maskModel(record: ModelRecord): ModelRecord {
  return { ...record, params: maskSecrets(record.params), info: maskSecrets(record.info) };
}
