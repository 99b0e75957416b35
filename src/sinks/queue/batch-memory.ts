/**
 * Where the batches of one destination are read to, one after the other to the same place. Memory outside of the heap that
 * is asked for at the pace of calls and lives for as long as an upload makes the collector walk over the whole heap, again
 * and again.
 *
 * Never shared between destinations: one that says yes before it has read to the end may be reading still, and then finds
 * other records of its own.
 */
export interface BatchMemory {
  /** What is in it is not cleared. */
  take(bytes: number): Buffer;
  /** Nobody needs what stands in `taken`, or a part of it, any more. What is never given back is the collector's. */
  giveBack(taken: Buffer): void;
}

/** Smaller ones cost the collector nothing to speak of. */
const LEAST_BYTES = 64 * 1024;
/** Kept between batches of a busy destination, and not by one that has little to send. */
const KEEP_MS = 5_000;

export function createBatchMemory(): BatchMemory {
  let kept: Buffer | null = null;
  let timer: NodeJS.Timeout | undefined;

  function forget(): void {
    kept = null;
  }

  return {
    take(bytes) {
      clearTimeout(timer);
      const place = kept;
      kept = null;
      return place !== null && place.length >= bytes ? place.subarray(0, bytes) : Buffer.allocUnsafeSlow(bytes);
    },
    giveBack({ buffer }) {
      clearTimeout(timer);
      if (buffer.byteLength < LEAST_BYTES) return;
      kept = Buffer.from(buffer);
      timer = setTimeout(forget, KEEP_MS).unref();
    },
  };
}
