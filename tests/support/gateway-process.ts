// A real gateway in a process of its own, as an operator would start it: `node dist/main.js serve` on a free loopback
// port with a data directory of its own. It can be stopped, killed and started again on the same data. Whatever happens
// to the tests, it does not outlive them: a small shell beside each test worker kills what is left when the worker ends.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from './free-port.ts';

export interface GatewayOptions {
  /** The configuration file: YAML text, or an object. A master key is added where an object names none. */
  config: string | Record<string, unknown>;
  /** On top of an environment without anything that a gateway reads. */
  env?: Record<string, string>;
  /** Kept when the gateway ends; otherwise it makes its own and removes it. */
  dataDir?: string;
  port?: number;
  /** False: none is configured, so the installation makes its own. */
  withMasterKey?: boolean;
}

/** What an administrator's request brought back. */
export interface AdminAnswer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
  body: any;
}

export interface GatewayProcess {
  /** `http://127.0.0.1:PORT`; the same after a restart. */
  readonly url: string;
  readonly masterKey: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly configFile: string;
  /** SIGTERM; resolves with the exit code (null: it had to be killed after 20 s) and removes what it made. */
  stop(): Promise<number | null>;
  /** SIGTERM without waiting. */
  terminate(): void;
  /** kill -9; resolves when the process is gone. Its data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. Stops it first where it still runs. */
  restart(): Promise<void>;
  /** Exit code of the present process once it ends. */
  exited(): Promise<number | null>;
  /** Everything that it has written so far, of all its starts. */
  logs(): string;
  /** A request with the master key. GET without a body, POST with one. */
  admin(path: string, body?: unknown, headers?: Record<string, string>): Promise<AdminAnswer>;
  /** Makes a key and returns its secret; throws when refused. */
  newKey(fields?: Record<string, unknown>): Promise<string>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(root, 'dist', 'main.js');
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

export async function startGateway(options: GatewayOptions): Promise<GatewayProcess> {
  if (!existsSync(MAIN)) throw new Error('dist/main.js is missing: run `npm run build` first');
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  const dataDir = options.dataDir ?? join(folder, 'data');
  const configFile = join(folder, 'config.yaml');
  const masterKey = writeConfig(configFile, options.config, options.withMasterKey ?? true);
  const port = options.port ?? (await findFreePort());
  const url = `http://127.0.0.1:${port}`;
  let log = '';
  let child = await launch();

  async function launch(): Promise<ChildProcess> {
    const flags = ['--config', configFile, '--host', '127.0.0.1', '--port', String(port), '--data-dir', dataDir];
    const started = spawn(process.execPath, [MAIN, 'serve', ...flags], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    guard(started);
    const collect = (chunk: Buffer) => {
      log += chunk;
    };
    started.stdout?.on('data', collect);
    started.stderr?.on('data', collect);
    const giveUpAtMs = Date.now() + START_TIMEOUT_MS;
    while (!(await answers(`${url}/health/readiness`))) {
      if (hasEnded(started)) throw new Error(`the gateway ended before it served:\n${log}`);
      if (Date.now() > giveUpAtMs) {
        started.kill('SIGKILL');
        throw new Error(`the gateway does not serve after ${START_TIMEOUT_MS} ms:\n${log}`);
      }
      await sleep(10);
    }
    return started;
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const ended = whenEnded(child);
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const code = await ended;
    clearTimeout(timer);
    return code;
  }

  async function admin(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<AdminAnswer> {
    const withBody = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${masterKey}`, ...withBody, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
  }

  return {
    url,
    masterKey,
    dataDir,
    configFile,
    get pid() {
      return child.pid as number;
    },
    async stop() {
      const code = await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
    terminate() {
      child.kill('SIGTERM');
    },
    async kill() {
      await end('SIGKILL');
    },
    async restart() {
      if (!hasEnded(child)) await end('SIGTERM');
      child = await launch();
    },
    exited: () => whenEnded(child),
    logs: () => log,
    admin,
    async newKey(fields = {}) {
      const answer = await admin('/key/generate', fields);
      if (answer.status !== 200) throw new Error(`no key: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body.key;
    },
  };
}

/** Writes the file; returns the master key that it names, if it is to name one. */
function writeConfig(file: string, config: string | Record<string, unknown>, withMasterKey: boolean): string {
  if (!withMasterKey) {
    writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
    return '';
  }
  if (typeof config === 'string') {
    writeFileSync(file, config);
    const named = /^\s*master_key:\s*(\S+)/m.exec(config)?.[1];
    if (named === undefined) throw new Error('a configuration given as text has to name its master_key');
    return named;
  }
  const general = (config.general_settings ?? {}) as Record<string, unknown>;
  const masterKey = (general.master_key as string | undefined) ?? `sk-master-${randomBytes(12).toString('hex')}`;
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ ...config, general_settings: { ...general, master_key: masterKey } }, null, 2));
  return masterKey;
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function whenEnded(child: ChildProcess): Promise<number | null> {
  if (!hasEnded(child)) await once(child, 'exit');
  return child.exitCode;
}

let watchdog: ChildProcess | undefined;

/** Ends the process when this one ends, in whatever way: the shell's input closes then. */
function guard(child: ChildProcess): void {
  watchdog ??= startWatchdog();
  const input = watchdog.stdin;
  input?.write(`+ ${child.pid}\n`);
  child.once('exit', () => input?.write(`- ${child.pid}\n`));
}

const WATCHDOG = `
pids=' '
while read -r sign pid; do
  if [ "$sign" = + ]; then pids="$pids$pid "; else pids="\${pids%% $pid *} \${pids#* $pid }"; fi
done
kill -9 $pids 2>/dev/null
`;

function startWatchdog(): ChildProcess {
  const shell = spawn('/bin/sh', ['-c', WATCHDOG], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.unref();
  (shell.stdin as unknown as { unref(): void } | null)?.unref();
  return shell;
}
