import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A part of a spool that is sent together, and under one name however often it is sent. */
export interface BatchRange {
  start: number;
  end: number;
  count: number;
  createdAtMs: number;
}

/**
 * How far a spool has been delivered, and which batch is being sent, in a file beside it. The batch is noted before it is
 * sent for the first time: whoever sends it again after a crash sends the same records under the same name.
 */
export interface Progress {
  readonly delivered: number;
  readonly sending: BatchRange | null;
  begin(batch: BatchRange): void;
  /** Everything before this position is done with. */
  confirm(end: number): void;
  close(): void;
}

const DIGITS = 16;
const FIELDS = 5;
const TEXT = new RegExp(`^(\\d{${DIGITS}} ){${FIELDS}}$`);

/** Opens the file in `directory`, or makes it. */
export function openProgress(directory: string): Progress {
  const path = join(directory, 'progress');
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const text = readFileSync(path, 'utf8');
  const [kept = 0, start = 0, end = 0, count = 0, createdAtMs = 0] = TEXT.test(text) ? text.split(' ').map(Number) : [];
  let delivered = kept;
  let sending: BatchRange | null = count === 0 ? null : { start, end, count, createdAtMs };

  /** Always the same length: one small write in place, which a killed process has either done or not. */
  function write(): void {
    const fields = [delivered, sending?.start, sending?.end, sending?.count, sending?.createdAtMs];
    writeSync(fd, fields.map((field) => `${String(field ?? 0).padStart(DIGITS, '0')} `).join(''), 0);
  }

  return {
    get delivered() {
      return delivered;
    },
    get sending() {
      return sending;
    },
    begin(batch) {
      sending = batch;
      write();
    },
    confirm(position) {
      delivered = Math.max(delivered, position);
      sending = null;
      try {
        write();
      } catch {
        // A full disk: the batch is sent again after a restart, under the same name.
      }
    },
    close: () => closeSync(fd),
  };
}
