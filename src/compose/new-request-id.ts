import { randomUUID } from 'node:crypto';

/**
 * A UUID of version 7: 48 bits of time, then random ones. Ids made one after the other sort one after the other (to the
 * millisecond), so rows that have them as their key are added at the end of its index instead of all over it.
 */
export function createRequestIds(nowMs: () => number): () => string {
  let lastMs = -1;
  let time = '';
  return () => {
    const ms = nowMs();
    if (ms !== lastMs) {
      lastMs = ms;
      const digits = ms.toString(16).padStart(12, '0');
      time = `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
    }
    return time + randomUUID().slice(15);
  };
}
