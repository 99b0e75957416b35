/**
 * Money is counted in whole nano-dollars (1 USD = 1,000,000,000). Integers add up exactly in any order,
 * which floats do not, and stay exact in a JavaScript number up to nine million dollars per owner.
 * Dollars as floats exist only on the wire.
 */
const NANO_PER_USD = 1_000_000_000;

/** Dollars from the wire → nano-dollars, rounded to the nearest. */
export function toNanoUsd(usd: number): number {
  return Math.round(usd * NANO_PER_USD);
}

/** Nano-dollars → dollars for the wire: the double nearest to the exact decimal. */
export function toUsd(nanoUsd: number): number {
  return nanoUsd / NANO_PER_USD;
}

/** Nano-dollars → dollars as an exact decimal, never in powers of ten: `0.0000285`. */
export function toUsdText(nanoUsd: number): string {
  const digits = String(Math.abs(nanoUsd)).padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return `${nanoUsd < 0 ? '-' : ''}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`;
}
