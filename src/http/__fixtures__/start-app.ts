/** The HTTP application over fakes: one key, no models, and whatever a test needs to be otherwise. */
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { RequestLine } from '../hooks/log-requests.ts';
import { createMasterKeyCheck } from '../../auth/master-key.ts';
import { createRouteGuard } from '../../auth/route-guard.ts';
import { NO_STANDING } from '../../core/call-path.ts';
import type { KeyRecord } from '../../core/key.ts';
import { sha256Hex } from '../../core/key-secret.ts';
import { type AppDeps, createApp } from '../app.ts';
import type { App } from '../app-instance.ts';

export const MASTER = 'sk-the-master-key-of-this-test';
export const SECRET = 'sk-AAAAAAAAAAAAAAAAAAAAAA';
export const BODY_LIMIT = 2_000;

export const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

const key = {
  keyId: 'key_1',
  mask: 'sk-...AAAA',
  userId: null,
  blocked: null,
  expiresAtMs: null,
  deletedAtMs: null,
  permissions: {},
  allowedRoutes: [] as readonly string[],
  allowedIps: [] as readonly string[],
} as unknown as KeyRecord;

export interface FakeApp {
  app: App;
  /** Log lines so far. */
  lines: Record<string, unknown>[];
  /** Hashes that were looked up so far. */
  lookUps: string[];
}

const started: App[] = [];

export async function closeApps(): Promise<void> {
  await Promise.all(started.splice(0).map((app) => app.close()));
}

/** `record` changes the one key there is. */
export async function startApp(overrides: Partial<AppDeps> = {}, record: Partial<KeyRecord> = {}): Promise<FakeApp> {
  const lines: Record<string, unknown>[] = [];
  const lookUps: string[] = [];
  let ids = 0;
  const deps = {
    logger: pino(
      new Writable({
        write(line, _encoding, done) {
          lines.push(JSON.parse(String(line)));
          done();
        },
      }),
    ),
    logRequest: (line: RequestLine) => {
      lines.push({ ...line });
    },
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    recordRefusal: async () => undefined,
    sealSecret: (text: string) => `sealed:test:${text.length}`,
    version: '1.2.3',
    bodyLimitBytes: BODY_LIMIT,
    trustedProxies: [],
    rootPath: '',
    identify: {
      keyCache: {
        lookup(hash: string) {
          lookUps.push(hash);
          if (hash !== sha256Hex(SECRET)) return undefined;
          return { key: { ...key, ...record }, secret: { hash, keyId: 'key_1', createdAtMs: 0, revokedAtMs: null } };
        },
      },
      owners: { standingOf: () => NO_STANDING },
      changesHeard: () => 0,
      whenCurrent: () => undefined,
      isMasterKeyHash: createMasterKeyCheck([sha256Hex(MASTER)]).isMasterKeyHash,
      nowMs: () => 0,
      keyHeaderName: null,
    },
    sessions: { identify: null, cookie: { secure: null, path: '/' } },
    isIpAllowed: null,
    publicRoutes: [],
    guardRoute: createRouteGuard({ allowed: null, adminOnly: [] }),
    noteRoute: () => undefined,
    pingDatabase: () => Promise.resolve(),
    callRoll: async () => ({ acknowledged: [], laggards: [] }),
    redisState: null,
    metrics: { requireKey: false, contentType: 'text/plain', render: async () => '' },
    listModels: () => ['gpt-4', 'openai/gpt-4o'],
    listAccessGroups: () => [],
    endUserHeaders: ['x-litellm-customer-id', 'x-litellm-end-user-id'],
    askOnBehalf: async () => ({ key: null, path: NO_STANDING.path }),
    askAsTeam: async () => ({ key: null, path: NO_STANDING.path }),
    listDeployments: () => [],
    ...overrides,
  } as unknown as AppDeps;
  const app = await createApp(deps);
  started.push(app);
  return { app, lines, lookUps };
}
