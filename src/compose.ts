import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { pino } from 'pino';
import { createAdminLogin } from './auth/admin-login.ts';
import { reassureCaller } from './auth/identify-caller.ts';
import { createIpAllowList } from './auth/ip-allow-list.ts';
import { createMasterKeyCheck } from './auth/master-key.ts';
import { createPasswordHasher } from './auth/password-hash.ts';
import { buildCounters } from './compose/build-counters.ts';
import { buildGatewayDeps, chooseUpstream, newEndUserLimits } from './compose/build-gateway.ts';
import { buildKeyManagement, buildSpending } from './compose/build-management.ts';
import { buildMetrics, type Metrics, processSource } from './compose/build-metrics.ts';
import { buildModelManagement } from './compose/build-model-management.ts';
import { buildBudgetManagement, buildOwnerManagement } from './compose/build-owner-management.ts';
import { buildRouteGuard, warnOfUnknownRoutes } from './compose/build-route-guard.ts';
import { buildTeamManagement } from './compose/build-team-management.ts';
import { databaseUrlOf } from './compose/database-url.ts';
import { followMasterKey } from './compose/follow-master-key.ts';
import { createModelCatalog } from './compose/model-catalog.ts';
import { newId } from './compose/new-id.ts';
import { createRequestIds } from './compose/new-request-id.ts';
import { openJournal } from './compose/open-journal.ts';
import { createRecoveredBalances } from './compose/recovered-balances.ts';
import { createRequestLog } from './compose/request-log.ts';
import { createSecretBox } from './compose/secret-box.ts';
import { startJobs } from './compose/start-jobs.ts';
import type { Config } from './config/config.ts';
import { readOrCreateSalt } from './config/salt-file.ts';
import { createCheckpointSigner } from './core/audit-checkpoint.ts';
import { createAuditSeal } from './core/audit-seal.ts';
import { createBudgetCalendar } from './core/budget-window.ts';
import type { Caller } from './core/caller.ts';
import type { KnownRoute } from './core/ceiling-terms.ts';
import { sha256Hex } from './core/key-secret.ts';
import { createRedisBell } from './counters/redis-bell.ts';
import { callModel } from './gateway/call-model.ts';
import { createCooldowns } from './gateway/cooldowns.ts';
import { explainCall } from './gateway/explain-call.ts';
import { listDeployments, listModels } from './gateway/list-models.ts';
import { createLiveCalls } from './gateway/live-calls.ts';
import { createApp } from './http/app.ts';
import type { App } from './http/app-instance.ts';
import { createEndUserRecorder } from './jobs/end-user-recorder.ts';
import { createLastActiveRecorder } from './jobs/last-active-recorder.ts';
import type { LedgerRecovery } from './ledger/ledger.ts';
import { formatIdentity, isKnownToBeGone, readOwnIdentity } from './ledger/process-identity.ts';
import { createRefusalLog } from './management/audit/refusal-log.ts';
import { establishMasterKey } from './management/installation/master-key.ts';
import { getKeyInfo } from './management/keys/get-key-info.ts';
import { runDueRotations } from './management/keys/run-due-rotations.ts';
import { createAttemptLimit } from './management/sessions/attempt-limits.ts';
import { createLoginThrottle } from './management/sessions/login-throttle.ts';
import { createTransport } from './providers/transport.ts';
import { type OpenStorage, openStorage } from './storage/open-storage.ts';
import { VERSION } from './version.ts';

/** What tests put in the place of the real thing. */
export interface ComposeOverrides {
  nowMs?: () => number;
  random?: () => number;
  logger?: pino.Logger;
  /** `:memory:` and the like, instead of what the configuration says. */
  databaseUrl?: string;
}

export interface Gateway {
  app: App;
  /** Made at this start because none was configured; shown once and kept nowhere. Null otherwise. */
  newMasterKey: string | null;
  recovery: LedgerRecovery;
  /** Its own metrics, and from where a scrape takes them. */
  metrics: Pick<Metrics, 'collectOwn' | 'gatherFrom'>;
  /** Ends calls in flight (waiting for them up to `drainMs`), ships the journal, closes everything. */
  close(drainMs?: number): Promise<void>;
}

const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 10_000;
const DRAIN_MS = 30_000;
/** Look-ups for one address that reports leaked secrets. */
const LEAKS_PER_HOUR = 1_000;
const HOUR_MS = 3_600_000;

/** The only place that builds things: configuration in, a gateway that is ready to listen out. */
export async function compose(config: Config, overrides: ComposeOverrides = {}): Promise<Gateway> {
  const nowMs = overrides.nowMs ?? Date.now;
  const logger = overrides.logger ?? createLogger(config);
  mkdirSync(config.server.dataDir, { recursive: true, mode: 0o700 });
  const salt = config.saltKey ?? (await readOrCreateSalt(config.server.dataDir));
  const auditSeal = createAuditSeal(salt);
  const processId = newId('proc_');
  const bell =
    config.redis === null ? undefined : createRedisBell({ ...config.redis, prefix: config.general.redisKeyPrefix });
  const storage = await openStorage({
    url: overrides.databaseUrl ?? databaseUrlOf(config),
    nowMs,
    poolSize: POOL_SIZE,
    // What the journal has put on disk is dropped there once the database has it.
    durable: config.general.journalFsync,
    logger,
    auditSeal,
    serving: {
      own: { id: processId, host: hostname(), pid: process.pid, identity: formatIdentity(readOwnIdentity()) },
      isGone: isKnownToBeGone,
      bell,
      maxStalenessMs: config.general.maxStalenessMs,
      outageGraceMs: config.general.databaseOutageGraceMs,
    },
    endUserBudgetId: config.general.maxEndUserBudgetId,
  }).catch((error: unknown) => {
    bell?.close();
    throw error;
  });
  const recovered = createRecoveredBalances();
  const { ledger, recovery, takeOver } = await openJournal(config, {
    storage,
    nowMs,
    logger,
    onRecovered: recovered.note,
  });
  const { counters, redisState } = await buildCounters(config, {
    storage,
    ledger,
    processId,
    ownClock: overrides.nowMs !== undefined,
    logger,
  });
  recovered.tell(counters);
  const live = createLiveCalls(counters);
  const calendar = createBudgetCalendar({
    timeZone: config.general.budgetTimeZone,
    weekStart: config.general.weekStart,
  });
  const transport = createTransport({ connectTimeoutMs: CONNECT_TIMEOUT_MS });
  const upstream = chooseUpstream(transport, nowMs);
  const box = createSecretBox(salt, 'models');
  const catalog = createModelCatalog(config, storage.owners.models, box, config.variables);
  await catalog.refresh();
  const endUsers = createEndUserRecorder({ transact: storage.transact, limits: newEndUserLimits(config) });
  const cooldowns = createCooldowns({
    allowedFails: config.router.allowedFails,
    cooldownMs: config.router.cooldownMs,
    nowMs,
  });
  const metrics = buildMetrics({
    maxSeries: config.metrics.maxSeries,
    nowMs,
    deployments: catalog.deployments,
    isCooling: cooldowns.isCooling,
  });
  const { whenCurrent, isCurrent } = storage.freshness;
  const standing = {
    keyCache: storage.keyCache,
    owners: storage.ownerCache,
    changesHeard: live.changesHeard,
    whenCurrent,
    nowMs,
  };
  const gateway = await buildGatewayDeps(config, {
    models: catalog.index,
    counters,
    owners: storage.ownerCache,
    onNewEndUser: endUsers.note,
    reassureCaller: (caller) => reassureCaller(caller, standing),
    // Where what is cached does not count, nothing that a call was told counts either.
    live: { ...live, changesHeard: () => (isCurrent() ? live.changesHeard() : -1) },
    calendar,
    ledger,
    upstream,
    cooldowns,
    observer: metrics.observer,
    onUnpriced: metrics.calls.unpriced,
    logger,
    nowMs,
    random: overrides.random ?? Math.random,
  });
  const routes: KnownRoute[] = [];
  const guardRoute = buildRouteGuard(config);
  const keyManagement = await buildKeyManagement(config, {
    storage,
    counters,
    calendar,
    gateway,
    nowMs,
    salt,
    routes,
    guardRoute,
  });
  const spending = await buildSpending(config, { storage, ledger, gateway, keyManagement });
  const ownerManagement = buildOwnerManagement({ storage, counters, calendar, gateway, nowMs });
  // After whatever an operator can get wrong (a hook, say): a master key that is made now is shown at the end of the start.
  const masterKey = await findMasterKey(config, storage, nowMs);
  const masterKeys = createMasterKeyCheck([masterKey.hash]);
  const masterKeyFollower = config.masterKey === null ? followMasterKey(storage.settings, masterKeys) : null;
  storage.changes.subscribe((event) => {
    live.onChange(event);
    masterKeyFollower?.onChange(event);
    if (event.kind === 'owner' && event.table === 'models') {
      catalog.refresh().catch((error: unknown) => logger.warn({ err: error }, 'added models could not be read'));
    }
    if (event.kind === 'balance') void counters.adjust(event.counter, event.deltaNanoUsd, event.seq);
  });
  const { sessions } = config;
  const adminLogin = createAdminLogin({
    username: sessions.adminName,
    password: sessions.adminPassword,
    masterKeys,
    salt,
  });
  const passwordManagement = {
    sessions: storage.sessions,
    passwords: createPasswordHasher(),
    throttle: createLoginThrottle(nowMs),
  };
  const lastActive = createLastActiveRecorder(storage.keys);

  const requestLog = createRequestLog(logger, nowMs);

  const inspectProcess = async () => ({
    callsInFlight: live.count(),
    openHolds: await counters.openHolds(),
    journalBacklog: ledger.backlog(),
    changeFeedPosition: storage.changes.position(),
    changeFeedBehindMs: storage.freshness.behindMs(),
    liveProcesses: storage.processes.live(),
  });
  metrics.addSource(processSource({ inspect: inspectProcess, pingDatabase: storage.ping, redisState }));

  const refusals = createRefusalLog({
    audit: storage.audit,
    nowMs,
    newId,
    onFailure: (error) => logger.error({ err: error }, 'a refused attempt is missing in the audit log'),
  });

  const app = await createApp({
    logger,
    recordRefusal: refusals.record,
    logRequest: (line) => {
      requestLog.log(line);
      metrics.requests.answered(line);
    },
    newId: createRequestIds(nowMs),
    version: VERSION,
    bodyLimitBytes: config.server.bodyLimitBytes,
    trustedProxies: config.general.trustedProxies,
    identify: { ...standing, isMasterKeyHash: masterKeys.isMasterKeyHash, keyHeaderName: config.general.keyHeaderName },
    sessions: {
      identify: { ...standing, sessionCache: storage.sessionCache, adminLogin, lifetimes: sessions },
      cookie: { secure: sessions.cookieSecure, path: sessions.cookiePath },
    },
    isIpAllowed: config.general.allowedIps === null ? null : createIpAllowList(config.general.allowedIps),
    publicRoutes: config.general.publicRoutes,
    guardRoute,
    noteRoute: (route) => routes.push(route),
    pingDatabase: storage.ping,
    callRoll: storage.processes.callRoll,
    redisState,
    inspectProcess,
    metrics: { requireKey: config.metrics.requireKey, ...metrics },
    listModels: (caller) => listModels(gateway.models, caller),
    listDeployments: (caller) =>
      listDeployments(catalog.deployments(), gateway.models, caller).map((deployment) => ({
        ...deployment,
        price: gateway.priceOf(deployment, deployment.upstreamModel).price,
      })),
    endUserHeaderName: config.general.endUserHeaderName,
    callModel: (request) => {
      const { key, secretHash } = request.caller;
      if (key !== null) lastActive.note(key.keyId, secretHash, nowMs());
      return callModel(gateway, request);
    },
    explainCall: async (question) => {
      const standing = await storage.ownerCache.standingOf(question.key);
      const refuseRole = (caller: Caller, route: string) => guardRoute({ access: 'llm', scope: 'self', route })(caller);
      return explainCall({ ...gateway, refuseRole }, { ...question, standing }, nowMs());
    },
    getVisibleKey: async (caller, text) => (await getKeyInfo(keyManagement, caller, text)).key,
    auditManagement: { audit: storage.audit, seal: auditSeal, signer: createCheckpointSigner(salt), nowMs },
    keyManagement,
    modelManagement: buildModelManagement({ storage, catalog, box, nowMs }),
    budgetManagement: buildBudgetManagement(storage, nowMs),
    ownerManagement,
    userManagement: {
      ...ownerManagement,
      ...passwordManagement,
      keyManagement,
      defaults: config.userDefaults,
      proxyWindows: { budgetDuration: config.general.budgetDuration, modelMaxBudget: {} },
    },
    tagManagement: { ...ownerManagement, tagsInSpend: () => storage.spend.byTag({}) },
    organizationManagement: { ...ownerManagement, userDefaults: config.userDefaults },
    sessionManagement: {
      ...passwordManagement,
      sessionCache: storage.sessionCache,
      owners: storage.owners,
      standingOf: storage.ownerCache.standingOf,
      transact: storage.transact,
      adminLogin,
      lifetimes: sessions,
      nowMs,
      randomBytes,
      newId,
    },
    leaks: {
      keys: storage.keys,
      leakLimit: createAttemptLimit({ attempts: LEAKS_PER_HOUR, windowMs: HOUR_MS, nowMs }),
      isMasterKeyHash: masterKeys.isMasterKeyHash,
      onMasterKey: () => logger.error('The master key was reported as leaked. Replace it now.'),
      nowMs,
      newId,
    },
    teamManagement: buildTeamManagement(config, ownerManagement, keyManagement),
    spending,
  });

  warnOfUnknownRoutes(config, routes, logger);
  // Before the first call: whoever waits for all processes waits for this one from now on.
  await storage.processes.beat();
  const jobs = startJobs({
    requestLog,
    storage,
    counters,
    live,
    lastActive,
    endUsers,
    refusals,
    masterKeyFollower,
    takeOverJournals: takeOver,
    rotateKeys: () =>
      runDueRotations(keyManagement, ({ keyId }) =>
        logger.warn(
          { keyId },
          'A key is due for rotation and nobody has claimed its new secret; the old one goes on working',
        ),
      ),
    nowMs,
    logger,
  });
  return {
    app,
    newMasterKey: masterKey.newSecret,
    recovery,
    metrics,
    async close(drainMs = DRAIN_MS) {
      const drained = live.drain(drainMs);
      await app.close();
      await drained;
      await Promise.all(jobs.map((job) => job.stop()));
      await lastActive
        .flush()
        .catch((error: unknown) => logger.warn({ err: error }, 'last uses of keys were not written'));
      await endUsers.flush().catch((error: unknown) => logger.warn({ err: error }, 'new end users were not stored'));
      await refusals.flush(true);
      await ledger.close();
      await counters.close();
      await transport.destroy();
      await storage.processes.leave().catch(() => {});
      bell?.close();
      await storage.close();
      requestLog.flush();
      logger.flush();
    },
  };
}

/** Buffered: a line per request must not cost a system call per request. Flushed every second and at the end. */
function createLogger(config: Config): pino.Logger {
  const destination = pino.destination({ dest: 1, sync: false, minLength: 8_192, periodicFlush: 1_000 });
  return pino({ level: config.log.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

async function findMasterKey(config: Config, storage: OpenStorage, nowMs: () => number) {
  if (config.masterKey !== null) return { hash: sha256Hex(config.masterKey), newSecret: null };
  return establishMasterKey({ settings: storage.settings, randomBytes, newId, nowMs });
}
