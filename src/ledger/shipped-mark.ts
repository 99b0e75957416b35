import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * How far the journal is in the database, in a file beside it. It saves work and is never needed for correctness: a mark
 * that is lost or old means that bills are shipped again, which changes nothing. Written after each commit.
 */
export interface ShippedMark {
  readonly position: number;
  set(position: number): void;
  close(): void;
}

const DIGITS = 16;

/** Opens the mark in `directory`; 0 where there is none yet. */
export function openShippedMark(directory: string): ShippedMark {
  const path = join(directory, 'shipped');
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const text = readFileSync(path, 'utf8');
  let position = /^\d{16}$/.test(text) ? Number(text) : 0;
  let open = true;
  return {
    get position() {
      return position;
    },
    set(next) {
      if (!open || next <= position) return;
      position = next;
      try {
        // Always the same length: one small write in place, which a killed process has either done or not.
        writeSync(fd, String(next).padStart(DIGITS, '0'), 0);
      } catch {
        // A full disk: the older mark is as good, only slower.
      }
    },
    close() {
      open = false;
      closeSync(fd);
    },
  };
}
