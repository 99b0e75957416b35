import type { Readable, Writable } from 'node:stream';

const NEWLINE = 10;

/** Passes on what comes from several processes without cutting anybody's lines in two. */
export function forwardLines(from: Readable | null, to: Writable): void {
  let rest: Buffer[] = [];
  from?.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      rest.push(chunk);
      return;
    }
    const whole = Buffer.concat([...rest, chunk.subarray(0, end)]);
    rest = end === chunk.length ? [] : [chunk.subarray(end)];
    // Whoever reads slowly slows down the writers, as if they wrote to it themselves.
    if (to.write(whole)) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  from?.on('end', () => {
    if (rest.length > 0) to.write(Buffer.concat(rest));
  });
}
