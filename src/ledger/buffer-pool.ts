/**
 * Buffers that are used again. One that lives for a second has outlived the garbage collector's quick rounds when it is
 * given up, and waits for a thorough one, which comes seldom: a gateway would grow by megabytes a minute. Their memory is
 * shared, so that a thread of this process reads it where it is instead of getting a copy, which would wait likewise.
 */
export interface BufferPool {
  /** At least this large; what is in it is of no meaning. */
  take(bytes: number): Buffer;
  /** Nobody may look at it any more. */
  give(buffer: Buffer): void;
}

const MIN_BYTES = 64 * 1024;
/** A backlog's buffers are not kept: they would be memory that is never needed again. */
const MAX_KEPT_BYTES = 2 * 1024 * 1024;
const MAX_KEPT = 3;

export function createBufferPool(): BufferPool {
  const spare: Buffer[] = [];
  return {
    take(bytes) {
      const found = spare.findIndex((buffer) => buffer.length >= bytes);
      return (
        spare.splice(found, found === -1 ? 0 : 1)[0] ?? Buffer.from(new SharedArrayBuffer(Math.max(bytes, MIN_BYTES)))
      );
    },
    give(buffer) {
      if (buffer.length > MAX_KEPT_BYTES) return;
      spare.push(buffer);
      // The smallest goes: whatever has grown once will be asked for again.
      spare.sort((a, b) => b.length - a.length).splice(MAX_KEPT);
    },
  };
}
