import { isJsonObject, type Json } from '../core/json.ts';
import type { CallIntent, SpendRecord } from '../core/spend-record.ts';

/**
 * The two kinds of journal line: `{"open":…}` and `{"settle":…}`. `text` is the record's own JSON within the line,
 * which goes to the database as it stands.
 */
export type JournalLine =
  | { kind: 'open'; intent: CallIntent; text: string }
  | { kind: 'settle'; record: SpendRecord; text: string };

const OPEN = '{"open":';
const SETTLE = '{"settle":';

export function formatOpen(text: string): string {
  return `${OPEN}${text}}\n`;
}

export function formatSettle(text: string): string {
  return `${SETTLE}${text}}\n`;
}

export function isSettleLine(line: string): boolean {
  return line.startsWith(SETTLE);
}

/** Undefined for a line that no journal of ours wrote: cut, overwritten, or with no money that could be added up. */
export function parseJournalLine(line: string): JournalLine | undefined {
  const prefix = line.startsWith(SETTLE) ? SETTLE : line.startsWith(OPEN) ? OPEN : undefined;
  if (prefix === undefined || !line.endsWith('}')) return undefined;
  const text = line.slice(prefix.length, -1);
  const value = parseJson(text);
  if (!isJsonObject(value) || typeof value.requestId !== 'string' || !isDeltaList(value.balances)) {
    return undefined;
  }
  return prefix === SETTLE
    ? { kind: 'settle', record: value as unknown as SpendRecord, text }
    : { kind: 'open', intent: value as unknown as CallIntent, text };
}

function isDeltaList(value: Json | undefined): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (delta) => isJsonObject(delta) && typeof delta.counter === 'string' && Number.isSafeInteger(delta.nanoUsd),
    )
  );
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
