import { closeSync, openSync, readSync } from 'node:fs';

/** `length` bytes of a file from an offset on. @throws RangeError where there are not so many, and whatever opening throws */
export function readBytes(path: string, offset: number, length: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(length);
    let read = 0;
    while (read < length) {
      const count = readSync(fd, bytes, read, length - read, offset + read);
      if (count === 0) throw new RangeError(`${path} ends before ${offset + length}`);
      read += count;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}
