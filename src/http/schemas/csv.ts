/** Tables as text that spreadsheets open, without anything in it that one would carry out. */

/** A spreadsheet takes a cell that begins so for a formula, spaces before it or not. */
const FORMULA = /^\s*[=+\-@\t\r|%]/;

/** One line with its end. */
export function toCsvLine(values: readonly unknown[]): string {
  return `${values.map(toCell).join(',')}\r\n`;
}

/** Null is an empty cell, and a number stays one; whatever else is text, objects as JSON. */
function toCell(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
