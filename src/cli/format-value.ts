/** Values of the gateway's answers as people read them. Whatever is not there is a dash. */

const NOTHING = '-';

export function showText(value: unknown): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  // Names come from clients: no control character of theirs reaches the terminal.
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
}

/** `$12.50`, and as many digits as it takes for less than a cent. */
export function showUsd(value: unknown): string {
  if (typeof value !== 'number') return NOTHING;
  const digits = value === 0 || Math.abs(value) >= 0.01 ? 2 : 9;
  return `$${value.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}

/** `2026-11-24 08:30`, UTC. */
export function showTime(value: unknown): string {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? NOTHING : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

export function showList(value: unknown, whenEmpty = NOTHING): string {
  return Array.isArray(value) && value.length > 0 ? showText(value.join(', ')) : whenEmpty;
}

/** Nano-dollars, to the last one. */
export function showNanoUsd(nanoUsd: number): string {
  return `$${(nanoUsd / 1_000_000_000).toFixed(9)}`;
}
