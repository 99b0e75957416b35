// How figures are written.

/** @param {import('./statistics.mjs').Estimate} estimate */
export function formatEstimate({ value, low, high }) {
  return `${significant(value)} (95 %: ${significant(low)}–${significant(high)})`;
}

/** Three digits that say something. @param {number} value */
export function significant(value) {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${(bytes / 1_048_576).toFixed(0)} MiB`;
}

/**
 * A Markdown table. Columns without a heading are left out.
 *
 * @param {readonly string[]} headings
 * @param {readonly (readonly string[])[]} rows
 */
export function table(headings, rows) {
  const kept = headings.map((heading, column) => column === 0 || heading !== '');
  /** @param {readonly string[]} cells */
  const line = (cells) => `| ${cells.filter((_, column) => kept[column]).join(' | ')} |`;
  const rule = headings.map((_, column) => (column === 0 ? '---' : '--:'));
  return [line(headings), line(rule), ...rows.map(line)].join('\n');
}
