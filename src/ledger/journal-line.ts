import { isJsonObject, parseJson } from '../core/json.ts';
import { ascii, type JsonBytes } from '../core/json-bytes.ts';
import { fromRecordRow, writeRecordRow } from '../core/record-row.ts';
import type { CallIntent, SpendRecord } from '../core/spend-record.ts';
import { fromIntentRow, writeIntentRow } from './intent-row.ts';
import { writeStorable } from './write-storable.ts';

/**
 * The two kinds of journal line: `{"open":[…]}` with the row of a call's intent and `{"settle":[…]}` with that of its
 * record. `text` is the latter row's own JSON within the line, which goes to the database as it stands.
 */
export type JournalLine = { kind: 'open'; intent: CallIntent } | { kind: 'settle'; record: SpendRecord; text: string };

const OPEN = '{"open":';
const SETTLE = '{"settle":';
const OPEN_BYTES = ascii(OPEN);
const SETTLE_BYTES = ascii(SETTLE);
const END_BYTES = ascii('}\n');

/** @throws RangeError where it is nested too deeply */
export function writeOpenLine(out: JsonBytes, intent: CallIntent): void {
  out.raw(OPEN_BYTES);
  writeStorable(out, intent, writeIntentRow);
  out.raw(END_BYTES);
}

/** The record as it was written. @throws RangeError where it is nested too deeply */
export function writeSettleLine(out: JsonBytes, record: SpendRecord): SpendRecord {
  out.raw(SETTLE_BYTES);
  const stored = writeStorable(out, record, writeRecordRow);
  out.raw(END_BYTES);
  return stored;
}

/** So much of a settle line stands before its row, and so much behind. */
export const BEFORE_ROW = SETTLE_BYTES.length;
export const BEHIND_ROW = END_BYTES.length;

export function formatSettle(text: string): string {
  return `${SETTLE}${text}}\n`;
}

export function isSettleLine(line: string): boolean {
  return line.startsWith(SETTLE);
}

/** Undefined for a line that no journal of ours wrote: cut, overwritten, or with no money that could be added up. */
export function parseJournalLine(line: string): JournalLine | undefined {
  const prefix = isSettleLine(line) ? SETTLE : line.startsWith(OPEN) ? OPEN : undefined;
  if (prefix === undefined || !line.endsWith('}')) return undefined;
  const text = line.slice(prefix.length, -1);
  const row = parseJson(text);
  if (!Array.isArray(row)) return undefined;
  if (prefix === SETTLE) {
    const record = fromRecordRow(row);
    return isBilled(record) ? { kind: 'settle', record, text } : undefined;
  }
  const intent = fromIntentRow(row);
  return isBilled(intent) ? { kind: 'open', intent } : undefined;
}

function isBilled({ requestId, balances }: { requestId: unknown; balances: unknown }): boolean {
  return (
    typeof requestId === 'string' &&
    Array.isArray(balances) &&
    balances.every(
      (delta) => isJsonObject(delta) && typeof delta.counter === 'string' && Number.isSafeInteger(delta.nanoUsd),
    )
  );
}
