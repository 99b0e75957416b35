// Starts a real Redis on a free loopback port: the `redis-server` of the machine (Debian: apt-get install redis-server).
// It goes away with its starter, however that ends, as the PostgreSQL server of the tests does.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';

export interface RedisServer {
  /** With its password. */
  url: string;
  port: number;
  password: string;
  /** It speaks TLS only, with this certificate of its own for localhost. */
  certificate?: string | undefined;
  /** SIGSTOP: connections stand, and nobody answers. */
  pause(): void;
  resume(): void;
  /** SIGKILL: connections end, and the memory is gone. */
  kill(): void;
  /** Ends the server and starts another, which knows nothing, on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const SUPERVISOR = `
folder=$1; shift
"$@" </dev/null &
cat >/dev/null
kill -CONT $! 2>/dev/null
kill -TERM $! 2>/dev/null
wait $!
`;

interface RedisServerOptions {
  password?: string;
  /** More settings, as in its configuration. */
  settings?: Readonly<Record<string, string>>;
  /** It is a sentinel, which keeps what it knows in this file: lines of its configuration. */
  sentinel?: string;
  tls?: { certificate: string; files: { cert: string; key: string } };
}

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-redis-'));
  const password = options.password ?? randomBytes(16).toString('hex');
  const port = await findFreePort();
  let supervisor = await launch();

  async function launch(): Promise<ChildProcess> {
    const settings = {
      bind: '127.0.0.1',
      port: options.tls === undefined ? String(port) : '0',
      ...toTlsSettings(options.tls, port),
      dir: folder,
      requirepass: password,
      pidfile: join(folder, 'pid'),
      ...(options.sentinel === undefined ? { save: '', appendonly: 'no' } : {}),
      ...options.settings,
    };
    const file = join(folder, 'sentinel.conf');
    if (options.sentinel !== undefined) writeFileSync(file, options.sentinel);
    const flags = [
      ...(options.sentinel === undefined ? [] : [file, '--sentinel']),
      ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ];
    const started = spawn('/bin/sh', ['-c', SUPERVISOR, 'sh', folder, 'redis-server', ...flags], {
      cwd: '/',
      // Its own process group: ctrl-c reaches the tests, and the closing pipe then reaches the server.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    await becomeReady(started);
    return started;
  }

  async function end(): Promise<void> {
    if (supervisor.exitCode !== null || supervisor.signalCode !== null) return;
    const ended = once(supervisor, 'exit');
    supervisor.stdin?.end();
    await ended;
  }

  const signal = (name: NodeJS.Signals): void => {
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), name);
  };
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    port,
    password,
    certificate: options.tls?.certificate,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    kill: () => signal('SIGKILL'),
    async restart() {
      await end();
      supervisor = await launch();
    },
    async stop() {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function toTlsSettings(tls: RedisServerOptions['tls'], port: number): Record<string, string> {
  if (tls === undefined) return {};
  return {
    'tls-port': String(port),
    'tls-cert-file': tls.files.cert,
    'tls-key-file': tls.files.key,
    'tls-ca-cert-file': tls.files.cert,
    'tls-auth-clients': 'no',
  };
}

/** Resolves when the server says that it accepts connections; throws what it said when it does not within 30 s. */
async function becomeReady(supervisor: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => {
      supervisor.stdin?.end();
      reject(
        new Error(`redis-server did not start (${why}). Where it is missing: apt-get install redis-server.\n${log}`),
      );
    };
    const timer = setTimeout(() => fail('no answer in 30 s'), 30_000);
    const listen = (chunk: Buffer): void => {
      // Keeps reading for good, or the pipe fills and the server stalls.
      if (log.length < 10_000) log += chunk;
      if (/Ready to accept connections|Sentinel ID is/.test(log)) {
        clearTimeout(timer);
        resolve();
      } else if (log.includes('not found') || log.includes('Failed')) {
        clearTimeout(timer);
        fail('it gave up');
      }
    };
    supervisor.stdout?.on('data', listen);
    supervisor.stderr?.on('data', listen);
    supervisor.on('error', (error) => fail(error.message));
  });
}
