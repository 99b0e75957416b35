import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Config } from '../config/config.ts';

/** How the configuration is read again, and from which files. */
export interface ConfigSource {
  /** As at the start: the same flags and environment, the files as they are now. Throws a ConfigError. */
  load(): Config;
  /** Every file that the last reading has asked for, whether it was there or not, and what it looked like then. */
  files(): ReadonlyMap<string, string>;
}

export interface ConfigFollower {
  /** From now on changes count; one that has been asked for before counts now. */
  begin(onChange: () => Promise<unknown> | unknown): void;
  stop(): void;
}

const LOOK_EVERY_MS = 500;

/**
 * Tells of SIGHUP, which from the call on no longer ends the process, and of files that have changed. Files are looked at
 * by their names, so one that is replaced by renaming, or whose folder is swapped behind a symbolic link, has changed,
 * also on file systems that notify nobody. A change counts when it has stood still from one look to the next: an editor
 * may still be writing. `files` null: only the signal.
 */
export function followConfig(files: ConfigSource['files'] | null): ConfigFollower {
  let onChange: (() => Promise<unknown> | unknown) | null = null;
  let asked = false;
  let looking = false;
  let seen = '';

  async function tell(): Promise<void> {
    asked = onChange === null;
    await onChange?.();
  }

  async function look(read: ReadonlyMap<string, string>): Promise<void> {
    const now = await Promise.all(
      [...read.keys()].map(async (file) => describe(await stat(file, BIG).catch(() => null))),
    );
    const stands = seen === now.join();
    seen = now.join();
    if (stands && seen !== [...read.values()].join()) await onChange?.();
  }

  process.on('SIGHUP', () => void tell());
  const timer =
    files === null
      ? undefined
      : setInterval(() => {
          if (looking) return;
          looking = true;
          void look(files()).finally(() => {
            looking = false;
          });
        }, LOOK_EVERY_MS);
  timer?.unref();
  return {
    begin(listener) {
      onChange = listener;
      if (asked) void tell();
    },
    stop() {
      clearInterval(timer);
      onChange = () => {};
    },
  };
}

const BIG = { bigint: true } as const;

/** What tells whether a file is still the same. Follows links. */
export function describeFile(file: string): string {
  try {
    return describe(statSync(file, BIG));
  } catch {
    return describe(null);
  }
}

/** Null: whatever keeps a file from being looked at keeps it from being read. */
function describe(stats: BigIntStats | null): string {
  return stats === null ? 'none' : [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
}
