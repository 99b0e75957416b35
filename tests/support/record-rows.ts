import { JsonBytes } from '../../src/core/json-bytes.ts';
import { writeRecordRow } from '../../src/core/record-row.ts';
import type { SpendRecord } from '../../src/core/spend-record.ts';

/** Records as the statements take them that put calls into the ledger: a JSON list of rows. */
export function toRowList(records: readonly SpendRecord[]): string {
  const rows = records.map((record) => {
    const out = new JsonBytes();
    writeRecordRow(out, record);
    return out.toString();
  });
  return `[${rows.join(',')}]`;
}
