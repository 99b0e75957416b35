/**
 * The whole gateway in this process, over an in-memory database, for tests that speak HTTP to it by `app.inject` or over
 * a socket. Everything is the real thing but the clock, when a test brings one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { compose, type Gateway } from '../../src/compose.ts';
import { readEnvironment } from '../../src/config/env.ts';
import { loadConfig } from '../../src/config/load-config.ts';

export interface TestAppOptions {
  /** A whole config.yaml; without it the models below. */
  config?: string;
  env?: Record<string, string>;
  nowMs?: () => number;
  /** Default: SQLite in memory. */
  databaseUrl?: string;
  /** Kept by whoever gives it, so that a second gateway can be started on it. */
  dataDir?: string;
  /** Receives every log line. */
  onLog?: (line: string) => void;
}

export interface TestApp {
  app: Gateway['app'];
  gateway: Gateway;
  masterKey: string;
  dataDir: string;
  /** Listens on a free port of loopback. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

const TEST_MASTER_KEY = 'sk-test-master-key-0123456789';

const DEFAULT_CONFIG = `
model_list:
  - model_name: mock-gpt
    litellm_params: {model: openai/mock-gpt, mock_response: Hello there, input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}
  - model_name: gpt-4
    litellm_params: {model: openai/gpt-4, mock_response: I am four}
  - model_name: gpt-3.5-turbo
    litellm_params: {model: openai/gpt-3.5-turbo, mock_response: I am three and a half}
  - model_name: text-embedding-3-small
    litellm_params: {model: openai/text-embedding-3-small, mock_response: embedded}
`;

export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'latchkey-test-')));
  const text = options.config ?? DEFAULT_CONFIG;
  const config = loadConfig({
    environment: readEnvironment({
      LATCHKEY_MASTER_KEY: TEST_MASTER_KEY,
      LATCHKEY_DATA_DIR: dataDir,
      LATCHKEY_CONFIG: 'test-config.yaml',
      ...options.env,
    }),
    readFile: (path) => {
      if (path.endsWith('test-config.yaml')) return text;
      throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    },
  });
  const gateway = await compose(config, {
    databaseUrl: options.databaseUrl ?? ':memory:',
    logger: pino({ level: 'debug' }, { write: (line: string) => options.onLog?.(line) }),
    ...(options.nowMs === undefined ? {} : { nowMs: options.nowMs }),
  });
  return {
    app: gateway.app,
    gateway,
    masterKey: TEST_MASTER_KEY,
    dataDir,
    listen: () => gateway.app.listen({ host: '127.0.0.1', port: 0 }),
    async close() {
      await gateway.close(1_000);
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
