// Starts what is measured, each in a process of its own on a core of its own, and ends it again.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const MASTER_KEY = 'sk-bench-master-key-0123456789';
/** What the targets run on; everything else (load, upstream) has the other. */
const TARGET_CORE = '0';
const LOAD_CORE = '1';
/** For a target of several processes that is to have all there is; the load has a part of it. */
export const BOTH_CORES = `${TARGET_CORE},${LOAD_CORE}`;

/** @typedef {{ port: number, pid: number, startedInMs: number, exited: Promise<number | null>, stop(signal?: NodeJS.Signals): Promise<number | null> }} Target */
/**
 * `reconfigure`: other `general_settings`, which hold within a second or two.
 *
 * @typedef {Target & { key: string, dataDir: string, admin(path: string, body?: unknown): Promise<any>, reconfigure(general: Record<string, unknown>): void }} Gateway
 */

/** @type {Set<import('node:child_process').ChildProcess>} */
const alive = new Set();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => process.exit(1));

/** Moves this process, and with it the upstream and whatever it starts unpinned, off the targets' core. */
export function claimLoadCore() {
  const moved = spawnSync('taskset', ['-a', '-c', '-p', LOAD_CORE, String(process.pid)], { encoding: 'utf8' });
  if (moved.status !== 0) throw new Error(`cannot pin processes to cores: ${moved.error?.message ?? moved.stderr}`);
}

/**
 * @param {string[]} args Of node.
 * @param {{ core?: string, ready?: string, port: number, env?: Record<string, string> }} options `ready`: the path that answers 200 when the target serves.
 * @returns {Promise<Target>}
 */
export async function startTarget(args, { core = TARGET_CORE, ready = '/health/readiness', port, env = {} }) {
  const beganMs = performance.now();
  const child = spawn('taskset', ['-c', core, process.execPath, ...args], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  alive.add(child);
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    if (complaint.length < 4_000) complaint += chunk;
  });
  const exited = once(child, 'exit').then(([code]) => {
    alive.delete(child);
    return /** @type {number | null} */ (code);
  });
  for (;;) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${ready}`, { signal: AbortSignal.timeout(1_000) });
      await answer.arrayBuffer();
      if (answer.ok) break;
    } catch {
      // Not listening yet.
    }
    if (!alive.has(child)) throw new Error(`${args[0]} ended before it served:\n${complaint}`);
    if (performance.now() - beganMs > 30_000) throw new Error(`${args[0]} does not serve after 30 s:\n${complaint}`);
    await sleep(2);
  }
  return {
    port,
    pid: /** @type {number} */ (child.pid),
    startedInMs: performance.now() - beganMs,
    exited,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}

/** @param {Record<string, string | number>} [flags] */
export async function startUpstream(flags = {}) {
  const port = await findFreePort();
  const args = Object.entries({ port, ...flags }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return startTarget([join(root, 'bench/mock-upstream.mjs'), ...args], { core: LOAD_CORE, ready: '/stats', port });
}

/** @param {number} delayMs How long an upload takes. */
export async function startBucket(delayMs) {
  const port = await findFreePort();
  const args = [join(root, 'bench/mock-bucket.mjs'), '--port', String(port), '--delay-ms', String(delayMs)];
  return startTarget(args, { core: LOAD_CORE, ready: '/stats', port });
}

/**
 * @param {number} upstreamPort
 * @param {'dispatch' | 'request'} [client] See baseline-proxy.mjs.
 */
export async function startBaseline(upstreamPort, client = 'dispatch') {
  const port = await findFreePort();
  const flags = ['--port', String(port), '--upstream', `http://127.0.0.1:${upstreamPort}`, '--client', client];
  return startTarget([join(root, 'bench/baseline-proxy.mjs'), ...flags], { port });
}

/**
 * The gateway as it is shipped, on a data directory of its own, with one key. `key` null: no key is made.
 *
 * @param {number} upstreamPort
 * @param {{ key?: Record<string, unknown> | null, general?: Record<string, unknown>, price?: { input: number, output: number }, dataDir?: string, node?: string[], databaseUrl?: string | null, redisUrl?: string | null, mock?: boolean, litellm?: Record<string, unknown>, env?: Record<string, string>, workers?: number, core?: string }} [options]
 * @returns {Promise<Gateway>}
 */
export async function startGateway(
  upstreamPort,
  {
    key = GOVERNED,
    general = {},
    price = PRICE,
    dataDir,
    node = [],
    databaseUrl = null,
    redisUrl = null,
    mock = false,
    litellm = {},
    env = {},
    workers = 1,
    core = TARGET_CORE,
  } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  const data = dataDir ?? join(folder, 'data');
  const port = await findFreePort();
  const file = join(folder, 'config.yaml');
  const configure = (/** @type {Record<string, unknown>} */ settings) =>
    writeFileSync(
      file,
      JSON.stringify({
        model_list: [
          {
            model_name: 'bench',
            litellm_params: {
              model: 'openai/bench',
              api_base: `http://127.0.0.1:${upstreamPort}/v1`,
              api_key: 'sk-upstream',
              input_cost_per_token: price.input,
              output_cost_per_token: price.output,
              ...(mock ? { mock_response: 'Hello' } : {}),
            },
          },
        ],
        general_settings: { master_key: MASTER_KEY, ...settings },
        litellm_settings: litellm,
        router_settings: { num_retries: 0 },
      }),
    );
  configure(general);
  const flags = [
    '--config',
    file,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--data-dir',
    data,
    '--workers',
    String(workers),
  ];
  const target = await startTarget([...node, join(root, 'dist/main.js'), 'serve', ...flags], {
    core,
    port,
    env: {
      ...env,
      ...(databaseUrl === null ? {} : { LATCHKEY_DATABASE_URL: databaseUrl }),
      ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
    },
  });
  /**
   * @param {string} path
   * @param {unknown} [body]
   */
  const admin = async (path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${MASTER_KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  return {
    ...target,
    admin,
    dataDir: data,
    reconfigure: configure,
    key: key === null ? MASTER_KEY : (await admin('/key/generate', key)).key,
    async stop(signal) {
      const code = await target.stop(signal);
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}

/**
 * Brings a stopped installation to this version's tables, however long that takes.
 *
 * @param {string} dataDir
 * @param {string | null} databaseUrl
 */
export async function migrate(dataDir, databaseUrl) {
  const child = spawn(process.execPath, [join(root, 'dist/main.js'), 'migrate', '--data-dir', dataDir], {
    env: {
      ...process.env,
      LATCHKEY_MASTER_KEY: MASTER_KEY,
      ...(databaseUrl === null ? {} : { LATCHKEY_DATABASE_URL: databaseUrl }),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error('the database could not be brought to the tables of this version');
}

/**
 * Another gateway in TypeScript, installed aside. It checks no key and stores nothing.
 *
 * @param {string} folder Where `@portkey-ai/gateway` has been installed.
 */
export async function startPeer(folder) {
  const port = await findFreePort();
  const main = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  return startTarget([main, `--port=${port}`, '--headless'], { port, ready: '/' });
}

/** Every limit is on, and none is in the way. */
export const GOVERNED = { max_budget: 1_000_000, rpm_limit: 1_000_000_000, tpm_limit: 1_000_000_000_000 };
/** Dollars per token. */
export const PRICE = { input: 1e-7, output: 4e-7 };

/** @returns {Promise<number>} */
export async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}
