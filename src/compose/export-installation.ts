/** `latchkey export`: what an installation knows, without its secrets. Beside a running gateway or without one. */
import type { Config } from '../config/config.ts';
import { EXPORT_VERSION, stripRecord, toPortable } from '../core/portable-record.ts';
import { readExport } from '../storage/takeover/read-portable.ts';
import { VERSION } from '../version.ts';
import { databasePasswordOf, databaseUrlOf } from './database-url.ts';

export interface ExportResult {
  /** The header is none of them. */
  lines: number;
  /** Texts under the name of a credential. */
  leftOut: number;
}

/** Hands the lines to `write` as they are read. Null: the database has not this version's tables. */
export async function exportInstallation(config: Config, write: (line: string) => void): Promise<ExportResult | null> {
  const work = async (pages: Parameters<Parameters<typeof readExport>[1]>[0]) => {
    const result: ExportResult = { lines: 0, leftOut: 0 };
    write(JSON.stringify({ kind: 'latchkey_export', version: EXPORT_VERSION, latchkey: VERSION }));
    for await (const [kind, records] of pages) {
      for (const whole of records) {
        const { record, leftOut } = stripRecord(whole);
        write(JSON.stringify(toPortable(kind, record)));
        result.lines += 1;
        result.leftOut += leftOut;
      }
    }
    return result;
  };
  return readExport(databaseUrlOf(config), work, databasePasswordOf(config));
}
