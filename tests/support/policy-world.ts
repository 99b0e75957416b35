import { createIpAllowList } from '../../src/auth/ip-allow-list.ts';
import { createRouteGuard } from '../../src/auth/route-guard.ts';
import { createBudgetCalendar } from '../../src/core/budget-window.ts';
import type { CallPath } from '../../src/core/call-path.ts';
import type { Caller } from '../../src/core/caller.ts';
import type { EnforcedParams } from '../../src/core/enforced-params.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import type { KeyRecord } from '../../src/core/key.ts';
import { sha256Hex } from '../../src/core/key-secret.ts';
import type { Limits } from '../../src/core/limits.ts';
import type { Deployment } from '../../src/core/model.ts';
import { compileLimits } from '../../src/core/owner-limits.ts';
import { plainPolicy } from '../../src/core/owner-policy.ts';
import type { EndUserRecord, TagRecord } from '../../src/core/owner-records.ts';
import { buildModelPrice } from '../../src/core/pricing.ts';
import { createModelIndex } from '../../src/core/routing.ts';
import { createMemoryCounters } from '../../src/counters/memory-counters.ts';
import { callModel } from '../../src/gateway/call-model.ts';
import { explainCall } from '../../src/gateway/explain-call.ts';
import type { GatewayDeps, GatewaySettings } from '../../src/gateway/gateway-deps.ts';
import { createLiveCalls } from '../../src/gateway/live-calls.ts';
import { createGate } from '../../src/http/hooks/authenticate.ts';
import { findModelCall } from '../../src/http/model-call-paths.ts';
import { keyExplainBody, toParsedCall } from '../../src/http/schemas/key-explain.ts';
import { createMockUpstream } from '../../src/providers/mock-upstream.ts';

export const SECRET = 'sk-AAAAAAAAAAAAAAAAAAAAAA';
const guardRoute = createRouteGuard({ allowed: null, adminOnly: [] });
const refuseRole = (caller: Caller, route: string) => guardRoute({ access: 'llm', scope: 'self', route })(caller);
export const NOW_MS = Date.UTC(2026, 3, 1, 12, 34, 56);

export interface PolicyWorld {
  key: KeyRecord;
  owners: CallPath;
  customer: EndUserRecord | null;
  tags: readonly TagRecord[];
  proxy: Limits;
  newEndUserLimits: Limits | null;
  budgetMode: 'standard' | 'hard';
  enforceUserParam: boolean;
  /** `general_settings.allowed_ips`; null: everybody. */
  openTo: readonly string[] | null;
  /** From where calls come, on which path. */
  ip: string;
  path: string;
  enforcedParams: EnforcedParams | null;
  /** What a budget's counter had come to before this process. */
  balanceOf(counter: string): number;
}

/** `group`: the model group that served, or would. */
export type Outcome = { admitted: true; group: string } | { admitted: false; status: number; message: string };

const deployment = (modelName: string, more: Partial<Deployment> = {}): Deployment => ({
  id: `${modelName} ${more.region ?? ''}`,
  modelName,
  provider: 'openai',
  upstreamModel: modelName,
  apiBase: null,
  apiKey: null,
  apiVersion: null,
  region: null,
  organization: null,
  extraHeaders: {},
  requestDefaults: {},
  mockResponse: 'hello',
  timeoutMs: null,
  streamTimeoutMs: null,
  maxRetries: null,
  weight: 1,
  rpm: null,
  tpm: null,
  maxParallelRequests: null,
  tags: [],
  accessGroups: [],
  price: buildModelPrice({ inputUsd: 1e-9, outputUsd: 2e-9 }),
  baseModel: null,
  maxOutputTokens: null,
  mode: null,
  info: {},
  unavailable: null,
  ...more,
});

const MODELS = createModelIndex(
  [
    deployment('alpha', { accessGroups: ['group'] }),
    deployment('beta', { region: 'eu' }),
    deployment('wild/*'),
    deployment('unpriced', { price: undefined }),
    deployment('broken', { unavailable: 'It has no key.' }),
  ],
  [{ alias: 'alias', model: 'alpha' }],
);

export interface PolicyGateway {
  /** A live call, from its headers to its answer. `hanging`: it is admitted, and its answer never comes. */
  call(body: object, options?: { hanging?: boolean }): Promise<Outcome>;
  /** The same call, asked about. */
  explain(body: object): Promise<Outcome>;
}

export function buildPolicyGateway(world: PolicyWorld, nowMs: () => number): PolicyGateway {
  const hash = sha256Hex(SECRET);
  const standing = { path: world.owners, memberships: { teams: [], organizations: [] } };
  const counters = createMemoryCounters({
    loadBalances: async (ids) => new Map(ids.map((id) => [id, world.balanceOf(id)])),
  });
  const live = createLiveCalls(counters);
  const answering = createMockUpstream({ nowMs, newId: (prefix) => `${prefix}1` });
  let hanging = false;
  const settings: GatewaySettings = {
    version: 'test',
    budgetMode: world.budgetMode,
    rateWindowMs: 60_000,
    tokenRateType: 'total',
    typicalOutputTokens: 100,
    hardDefaultMaxTokens: 1_000,
    tokensPerImage: 10,
    numRetries: 0,
    requestTimeoutMs: 1_000,
    tagFiltering: false,
    storePrompts: false,
    enforceUserParam: world.enforceUserParam,
    enforcedParams: world.enforcedParams,
    rejectClientTags: false,
    proxy: compileLimits(plainPolicy({ kind: 'proxy', id: 'proxy' }, world.proxy)),
    newEndUserLimits: world.newEndUserLimits,
  };
  const deps: GatewayDeps = {
    settings,
    models: MODELS,
    priceOf: ({ price, maxOutputTokens }) => ({ price: price ?? null, maxOutputTokens }),
    calendar: createBudgetCalendar({ timeZone: 'UTC' }),
    counters,
    owners: {
      endUser: (id) => (world.customer?.id === id ? world.customer : null),
      endUserBudget: () => null,
      tag: (id) => world.tags.find((tag) => tag.id === id) ?? null,
    },
    ledger: { open: async () => {}, settle: async () => {} },
    logs: null,
    upstream: { ...answering, send: (...call) => (hanging ? new Promise(() => {}) : answering.send(...call)) },
    cooldowns: { isCooling: () => false, noteFailure: () => {} },
    live,
    observer: { settled: () => {}, refused: () => {}, deploymentFailed: () => {} },
    reassureCaller: () => undefined,
    onNewEndUser: () => {},
    nowMs,
    random: () => 0,
    onUnknownPrice: () => {},
    onFault: (error) => {
      throw error;
    },
  };
  const identify = {
    keyCache: {
      lookup: () =>
        world.key.deletedAtMs === null
          ? { key: world.key, secret: { hash, keyId: world.key.keyId, createdAtMs: 0, revokedAtMs: null } }
          : undefined,
    },
    owners: { standingOf: () => standing },
    changesHeard: live.changesHeard,
    whenCurrent: () => undefined,
    isMasterKeyHash: () => false,
    nowMs,
    keyHeaderName: null,
  };
  const served = findModelCall(world.path);
  if (served === undefined) throw new Error(`no model is called on ${world.path}`);
  const isIpAllowed = world.openTo === null ? null : createIpAllowList(world.openTo);
  const gate = createGate(
    { access: 'llm', scope: 'self', audited: false, answersStrangers: false, errorDetail: false, route: served.url },
    { identify, sessions: null as never, isIpAllowed, publicRoutes: [], guardRoute, noteRoute: () => {} },
  );

  return {
    async call(body, options = {}) {
      try {
        const caller = await gate.identify({ authorization: `Bearer ${SECRET}` }, world.ip);
        const refusal = gate.refuse(caller, world.ip);
        if (refusal !== undefined) throw refusal;
        hanging = options.hanging ?? false;
        const answer = callModel(deps, {
          operation: 'chat',
          raw: Buffer.from(JSON.stringify(body)),
          pathModel: served.pathModel,
          caller,
          requestId: 'r',
          sourceIp: null,
          tagsHeader: null,
          endUserHeader: null,
          onClientGone: () => {},
        });
        // A call that is admitted reaches the upstream within a few turns of the event loop.
        const answered = await (hanging
          ? Promise.race([answer, new Promise<null>((resolve) => setImmediate(() => resolve(null)))])
          : answer);
        const headers = answered?.headers ?? [];
        return { admitted: true, group: headers[headers.indexOf('x-litellm-model-group') + 1] ?? '' };
      } catch (error) {
        return toOutcome(error);
      }
    },
    async explain(body) {
      const { parsed, route } = toParsedCall(keyExplainBody.parse({ ...body, route: world.path, ip: world.ip }));
      const question = { key: world.key, standing, parsed, route, ip: world.ip };
      const asked = { ...deps, isIpAllowed, refuseRole };
      const { refusal, servedBy } = await explainCall(asked, question, nowMs());
      return servedBy === null ? toOutcome(refusal) : { admitted: true, group: servedBy };
    },
  };
}

function toOutcome(error: unknown): Outcome {
  if (!(error instanceof GatewayError)) throw error;
  return { admitted: false, status: error.status, message: error.message };
}
