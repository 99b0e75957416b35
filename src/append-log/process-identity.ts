import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Names one process so that another can tell later whether it still runs, also after its pid was given to a stranger.
 * `scope` is where the pid means something (one boot of one pid namespace: a container is a scope of its own);
 * `started` is when the process started, as the kernel counts, or '' where the kernel does not say.
 */
export interface ProcessIdentity {
  scope: string;
  pid: number;
  started: string;
}

/** The identity of this process. */
export function readOwnIdentity(): ProcessIdentity {
  return { scope: readScope(), pid: process.pid, started: readProcess(process.pid)?.started ?? '' };
}

/** `unknown`: it lives in another scope, or this system does not tell when a process started. */
export function findLiveness(identity: ProcessIdentity): 'alive' | 'gone' | 'unknown' {
  if (identity.scope !== readScope()) return 'unknown';
  if (identity.started === '') return isPidInUse(identity.pid) ? 'unknown' : 'gone';
  const found = readProcess(identity.pid);
  // A killed child whose parent has not yet collected it writes nothing any more.
  if (found === undefined || found.state === 'Z' || found.state === 'X') return 'gone';
  return found.started === identity.started ? 'alive' : 'gone';
}

/** As text, for other processes to keep. */
export function formatIdentity({ scope, pid, started }: ProcessIdentity): string {
  return JSON.stringify([scope, pid, started]);
}

/** True: the process with this identity (as text) lived in this scope and has ended. False also where nobody can tell. */
export function isKnownToBeGone(identity: string): boolean {
  const [scope, pid, started] = JSON.parse(identity) as [string, number, string];
  return findLiveness({ scope, pid, started }) === 'gone';
}

function readScope(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function readProcess(pid: number): { state: string; started: string } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may hold anything, so count from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', started: fields[19] ?? '' };
}

function isPidInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
