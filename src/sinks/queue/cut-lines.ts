import { createReadStream } from 'node:fs';

const LINE_END = 10;

/** How many whole lines there are at the beginning of `bytes`, at most `maxLines`, and how long they are together. */
export function cutLines(bytes: Buffer, maxLines: number): { count: number; bytes: number } {
  let count = 0;
  let length = 0;
  while (count < maxLines) {
    const at = bytes.indexOf(LINE_END, length);
    if (at === -1) break;
    count += 1;
    length = at + 1;
  }
  return { count, bytes: length };
}

/** Line ends of a file from an offset on. Whatever its size, little of it is in memory at a time. */
export async function countLines(path: string, from: number): Promise<number> {
  let count = 0;
  for await (const chunk of createReadStream(path, { start: from, highWaterMark: 256 * 1024 })) {
    count += cutLines(chunk as Buffer, Number.POSITIVE_INFINITY).count;
  }
  return count;
}
