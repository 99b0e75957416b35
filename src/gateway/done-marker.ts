/**
 * Keeps a stream's end mark (`data: [DONE]`) back until the bill is journalled: a client that has seen it takes the call
 * for finished. Everything before it leaves at once; a piece that may turn out to be its beginning waits for the next.
 */
export interface DoneMarker {
  /** Bytes → those that may leave now. */
  push(bytes: Buffer): Buffer | null;
  /** True once the whole mark has come. */
  readonly seen: boolean;
  /** What is kept back. */
  take(): Buffer | null;
}

const MARKS = ['data: [DONE]', 'data:[DONE]'];
/** The mark, and the line breaks around it. */
const LONGEST_TAIL = 24;
const LINE_BREAKS = /[\r\n]+$/;

export function createDoneMarker(): DoneMarker {
  let kept: Buffer | null = null;
  let seen = false;
  /** Whether what has left ends with a line break, or nothing has left yet: only there does a line begin. */
  let atLineStart = true;
  return {
    get seen() {
      return seen;
    },
    push(bytes) {
      const all = kept === null ? bytes : Buffer.concat([kept, bytes]);
      const tailStart = Math.max(0, all.length - LONGEST_TAIL);
      const tail = all.toString('latin1', tailStart);
      const line = tail.replace(LINE_BREAKS, '');
      const lineStart = line.lastIndexOf('\n') + 1;
      const text = line.slice(lineStart);
      const begins = lineStart > 0 || (tailStart === 0 && atLineStart);
      seen = begins && MARKS.includes(text);
      const mayBecome = begins && line === tail && text !== '' && MARKS.some((mark) => mark.startsWith(text));
      const leaving = seen || mayBecome ? tailStart + lineStart : all.length;
      kept = leaving < all.length ? all.subarray(leaving) : null;
      if (leaving === 0) return null;
      atLineStart = all[leaving - 1] === 0x0a;
      return leaving === all.length ? all : all.subarray(0, leaving);
    },
    take() {
      const rest = kept;
      kept = null;
      return rest;
    },
  };
}
