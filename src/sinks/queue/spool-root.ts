import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DirectoryInUse, lockDirectory } from '../../append-log/directory-lock.ts';
import type { LogScope } from '../../core/log-destination.ts';

/** Who has a destination, so that it is found again after a restart. No credential is ever in a spool. */
export interface SpoolOrigin {
  scope: LogScope;
  ownerId: string | null;
  /** Which of its owner's destinations of that type it was, from 0. Earlier versions did not say it. */
  place?: number;
}

/** What a spool's directory says of itself. */
export interface SpoolLabel {
  destinationId: string;
  type: string;
  /** Owners with the very same destination. Any of them will do. */
  origins: readonly SpoolOrigin[];
}

/** The spools of one process: a directory of its own beside those of others, locked for as long as it lives. */
export interface SpoolRoot {
  /** A directory for a new spool, unlike any that ever was. */
  begin(label: SpoolLabel): string;
  /** A destination of one spool has another owner as well. */
  relabel(directory: string, label: SpoolLabel): void;
  /** Brings the spools of processes that have ended into this root. Those that live are left alone. */
  takeOver(): Promise<{ directory: string; label: SpoolLabel }[]>;
  /** Goes with its directory where no spool is left in it. */
  release(): void;
}

const LABEL = 'label.json';

export async function openSpoolRoot(
  parent: string,
  { nowMs, onLost }: { nowMs: () => number; onLost: () => void },
): Promise<SpoolRoot> {
  const name = newName();
  const root = join(parent, name);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const lock = await lockDirectory({ directory: root, nowMs, onLost });

  function adopt(from: string): { directory: string; label: SpoolLabel }[] {
    return readdirSync(from).flatMap((spool) => {
      const label = readLabel(join(from, spool));
      if (label === null) return [];
      const directory = join(root, spool);
      renameSync(join(from, spool), directory);
      return [{ directory, label }];
    });
  }

  return {
    begin(label) {
      const directory = join(root, `${label.destinationId}-${newName()}`);
      mkdirSync(directory, { mode: 0o700 });
      writeLabel(directory, label);
      return directory;
    },
    relabel: writeLabel,
    async takeOver() {
      const adopted: { directory: string; label: SpoolLabel }[] = [];
      for (const other of readdirSync(parent)) {
        if (other === name) continue;
        const directory = join(parent, other);
        const left = await lockAbandoned(directory, nowMs);
        if (left === null) continue;
        adopted.push(...adopt(directory));
        left.release();
        rmSync(directory, { recursive: true, force: true });
      }
      return adopted;
    },
    release() {
      lock.release();
      if (!readdirSync(root).some((spool) => existsSync(join(root, spool, LABEL)))) {
        rmSync(root, { recursive: true, force: true });
      }
    },
  };
}

/** Null: somebody has it, or has just cleared it away. */
async function lockAbandoned(directory: string, nowMs: () => number): Promise<{ release(): void } | null> {
  try {
    return await lockDirectory({ directory, nowMs, onLost: () => {} });
  } catch (error) {
    if (error instanceof DirectoryInUse || isMissing(error)) return null;
    throw error;
  }
}

function newName(): string {
  return randomBytes(6).toString('hex');
}

function writeLabel(directory: string, label: SpoolLabel): void {
  const path = join(directory, LABEL);
  writeFileSync(`${path}.part`, JSON.stringify(label), { mode: 0o600 });
  renameSync(`${path}.part`, path);
}

/** Null: no spool. */
function readLabel(directory: string): SpoolLabel | null {
  try {
    return JSON.parse(readFileSync(join(directory, LABEL), 'utf8')) as SpoolLabel;
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
