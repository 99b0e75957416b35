import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findLiveness, type ProcessIdentity, readOwnIdentity } from './process-identity.ts';

/** Held until released; whoever dies with it loses it to the next that asks. */
export interface DirectoryLock {
  release(): void;
}

/** Another living process has the directory. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';
}

export interface LockOptions {
  directory: string;
  nowMs: () => number;
  /** The lock was taken by another process (this one had stood still for long): stop writing at once. */
  onLost: () => void;
  /** How often the owner shows that it lives. */
  beatMs?: number;
}

const LOCK_NAME = /^lock-(\d{6,})$/;
const SILENT_BEATS = 3;

/**
 * One process per directory. A second live process is refused, with the first one's pid: two journals in one directory
 * could bill a call twice, so each process gets a directory of its own and never shares one.
 *
 * Locks are numbered and only the highest counts. Taking over from a dead owner means creating the next number, which
 * the file system grants to exactly one of those who try; a lower number is never valid again. That an owner is dead is
 * read from the process table; one that lives elsewhere (another container on the same volume) is watched for a few
 * heartbeats instead.
 *
 * Throws DirectoryInUse when that is so.
 */
export async function lockDirectory({ directory, nowMs, onLost, beatMs = 2000 }: LockOptions): Promise<DirectoryLock> {
  const own = readOwnIdentity();
  for (;;) {
    const latest = findLatest(directory);
    if (latest > 0) await assertAbandoned(directory, latest, beatMs);
    const number = latest + 1;
    const path = lockPath(directory, number);
    if (!createFile(path, JSON.stringify(own))) continue;
    // Somebody who saw the same dead owner may have been here, finished and been followed already.
    if (findLatest(directory) !== number) {
      rmSync(path, { force: true });
      continue;
    }
    for (const older of listLocks(directory)) if (older < number) rmSync(lockPath(directory, older), { force: true });
    return holdLock(path, nowMs, onLost, beatMs);
  }
}

function holdLock(path: string, nowMs: () => number, onLost: () => void, beatMs: number): DirectoryLock {
  const beat = setInterval(() => {
    try {
      utimesSync(path, nowMs() / 1000, nowMs() / 1000);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return;
      clearInterval(beat);
      onLost();
    }
  }, beatMs).unref();
  return {
    release() {
      clearInterval(beat);
      // Kept, marked as free: were the file removed, numbers could be used twice.
      writeFileSync(`${path}.released`, JSON.stringify({ released: true }));
      renameSync(`${path}.released`, path);
    },
  };
}

async function assertAbandoned(directory: string, number: number, beatMs: number): Promise<void> {
  const path = lockPath(directory, number);
  const seen = look(path);
  const liveness = seen.owner === undefined ? 'unknown' : findLiveness(seen.owner);
  if (!seen.exists || seen.released || liveness === 'gone') return;
  if (liveness === 'unknown') {
    for (let beat = 0; beat < SILENT_BEATS; beat += 1) {
      await sleep(beatMs);
      const now = look(path);
      if (now.released) return;
      if (now.changedAtMs !== seen.changedAtMs) break;
      if (beat === SILENT_BEATS - 1) return;
    }
  }
  throw new DirectoryInUse(
    `The directory ${directory} is in use by another running process` +
      `${seen.owner === undefined ? '' : ` (pid ${seen.owner.pid})`}. Give each process a data directory of its own.`,
  );
}

interface Sighting {
  exists: boolean;
  released: boolean;
  owner: ProcessIdentity | undefined;
  changedAtMs: number;
}

/** Whoever is caught between creating and writing its lock has no readable owner yet. */
function look(path: string): Sighting {
  let text: string;
  let changedAtMs: number;
  try {
    changedAtMs = statSync(path).mtimeMs;
    text = readFileSync(path, 'utf8');
  } catch {
    return { exists: false, released: false, owner: undefined, changedAtMs: 0 };
  }
  try {
    const content = JSON.parse(text) as Partial<ProcessIdentity> & { released?: boolean };
    const { scope, pid, started } = content;
    const owner =
      scope === undefined || pid === undefined || started === undefined ? undefined : { scope, pid, started };
    return { exists: true, released: content.released === true, owner, changedAtMs };
  } catch {
    return { exists: true, released: false, owner: undefined, changedAtMs };
  }
}

function createFile(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function lockPath(directory: string, number: number): string {
  return join(directory, `lock-${String(number).padStart(6, '0')}`);
}

function listLocks(directory: string): number[] {
  return readdirSync(directory).flatMap((name) => {
    const match = LOCK_NAME.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
}

function findLatest(directory: string): number {
  return Math.max(0, ...listLocks(directory));
}
