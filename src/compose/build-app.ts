import { randomBytes } from 'node:crypto';
import type { pino } from 'pino';
import { createAdminLogin } from '../auth/admin-login.ts';
import { reassureCaller } from '../auth/identify-caller.ts';
import { createIpAllowList } from '../auth/ip-allow-list.ts';
import type { MasterKeyCheck } from '../auth/master-key.ts';
import type { PasswordHasher } from '../auth/password-hash.ts';
import type { Config } from '../config/config.ts';
import { createCheckpointSigner } from '../core/audit-checkpoint.ts';
import type { AuditSeal } from '../core/audit-seal.ts';
import { createBudgetCalendar } from '../core/budget-window.ts';
import type { Caller } from '../core/caller.ts';
import type { KnownRoute } from '../core/ceiling-terms.ts';
import type { SaltKeys } from '../core/salt-keys.ts';
import type { Counters } from '../counters/counters.ts';
import type { RedisState } from '../counters/redis-counters.ts';
import { callModel } from '../gateway/call-model.ts';
import { nameCall } from '../gateway/call-names.ts';
import type { Cooldowns } from '../gateway/cooldowns.ts';
import { explainCall } from '../gateway/explain-call.ts';
import { isCallable, listAccessGroups, listDeployments, listModels } from '../gateway/list-models.ts';
import type { LiveCalls } from '../gateway/live-calls.ts';
import { createApp } from '../http/app.ts';
import type { App } from '../http/app-instance.ts';
import type { Front } from '../http/front.ts';
import type { RecordRefusal } from '../http/record-refusal.ts';
import type { ProcessState } from '../http/routes/health.ts';
import type { EndUserRecorder } from '../jobs/end-user-recorder.ts';
import type { LastActiveRecorder } from '../jobs/last-active-recorder.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { findKeyFor } from '../management/keys/find-key-for.ts';
import type { KeyManagement } from '../management/keys/key-management.ts';
import type { AttemptLimit } from '../management/sessions/attempt-limits.ts';
import type { LoginThrottle } from '../management/sessions/login-throttle.ts';
import { getVisibleTeam } from '../management/teams/get-visible-team.ts';
import type { Upstream } from '../providers/upstream.ts';
import type { Sinks } from '../sinks/sinks.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import { VERSION } from '../version.ts';
import type { Alerts } from './build-alerts.ts';
import { buildGatewayDeps } from './build-gateway.ts';
import { buildCallLogs } from './build-logs.ts';
import { buildKeyManagement, buildSpending } from './build-management.ts';
import type { Metrics } from './build-metrics.ts';
import { buildModelManagement } from './build-model-management.ts';
import { buildBudgetManagement, buildOwnerManagement } from './build-owner-management.ts';
import { buildRouteGuard, warnOfUnknownRoutes } from './build-route-guard.ts';
import { buildServiceTest } from './build-service-test.ts';
import { buildTeamManagement } from './build-team-management.ts';
import type { ModelCatalog } from './model-catalog.ts';
import { newId } from './new-id.ts';
import type { RequestLog } from './request-log.ts';
import type { SecretBox } from './secret-box.ts';

/** What is open for as long as the process runs, whatever configuration is in force. */
export interface Foundation {
  storage: OpenStorage;
  ledger: Ledger;
  sinks: Sinks;
  counters: Counters;
  redisState: (() => RedisState) | null;
  live: LiveCalls;
  cooldowns: Cooldowns;
  metrics: Metrics;
  inspectProcess: () => Promise<ProcessState>;
  upstream: Upstream;
  catalog: ModelCatalog;
  /** For credentials of models. */
  box: SecretBox;
  /** For credentials of log destinations. */
  destinationBox: SecretBox;
  endUsers: EndUserRecorder;
  lastActive: LastActiveRecorder;
  requestLog: RequestLog;
  recordRefusal: RecordRefusal;
  alerts: Pick<Alerts, 'management' | 'testChannel'>;
  passwords: PasswordHasher;
  throttle: LoginThrottle;
  leakLimit: AttemptLimit;
  masterKeys: MasterKeyCheck;
  salts: SaltKeys;
  auditSeal: AuditSeal;
  newRequestId: () => string;
  nowMs: () => number;
  random: () => number;
  logger: pino.Logger;
  front: Front;
}

/** What answers requests by one configuration. */
export interface ConfiguredApp {
  app: App;
  keyManagement: KeyManagement;
}

/**
 * The application as `config` wants it, over what is open. Rejects on what only shows when it is put to use (a hook that
 * cannot be loaded, say); nothing has changed then.
 */
export async function buildApp(config: Config, foundation: Foundation): Promise<ConfiguredApp> {
  const { storage, ledger, counters, redisState, live, cooldowns, metrics, upstream, catalog, box } = foundation;
  const { endUsers, lastActive, requestLog, masterKeys, salts, auditSeal, nowMs, logger } = foundation;
  const calendar = createBudgetCalendar({
    timeZone: config.general.budgetTimeZone,
    weekStart: config.general.weekStart,
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
    logs: buildCallLogs(config, foundation.sinks, logger),
    upstream,
    cooldowns,
    observer: metrics.observer,
    onUnpriced: metrics.calls.unpriced,
    logger,
    nowMs,
    random: foundation.random,
  });
  const routes: KnownRoute[] = [];
  const guardRoute = buildRouteGuard(config);
  const isIpAllowed = config.general.allowedIps === null ? null : createIpAllowList(config.general.allowedIps);
  const keyManagement = await buildKeyManagement(config, {
    storage,
    counters,
    calendar,
    gateway,
    alerts: foundation.alerts.management,
    nowMs,
    salts,
    routes,
    guardRoute,
    sinks: foundation.sinks,
    logger,
  });
  const spending = await buildSpending(config, { storage, ledger, gateway, keyManagement });
  const ownerManagement = buildOwnerManagement({ storage, counters, calendar, gateway, nowMs });
  const { sessions } = config;
  const adminLogin = createAdminLogin({
    username: sessions.adminName,
    password: sessions.adminPassword,
    masterKeys,
    salts,
  });
  const passwordManagement = {
    sessions: storage.sessions,
    passwords: foundation.passwords,
    throttle: foundation.throttle,
  };

  const app = await createApp(
    {
      logger,
      recordRefusal: foundation.recordRefusal,
      sealSecret: foundation.destinationBox.seal,
      logRequest: (line) => {
        requestLog.log(line);
        metrics.requests.answered(line);
      },
      newId: foundation.newRequestId,
      version: VERSION,
      bodyLimitBytes: config.server.bodyLimitBytes,
      trustedProxies: config.general.trustedProxies,
      rootPath: config.server.rootPath,
      identify: {
        ...standing,
        isMasterKeyHash: masterKeys.isMasterKeyHash,
        keyHeaderName: config.general.keyHeaderName,
      },
      sessions: {
        identify: { ...standing, sessionCache: storage.sessionCache, adminLogin, lifetimes: sessions },
        cookie: { secure: sessions.cookieSecure, path: sessions.cookiePath },
      },
      isIpAllowed,
      publicRoutes: config.general.publicRoutes,
      guardRoute,
      noteRoute: (route) => routes.push(route),
      pingDatabase: storage.ping,
      callRoll: storage.processes.callRoll,
      redisState,
      testService: buildServiceTest(config, foundation),
      inspectProcess: foundation.inspectProcess,
      metrics: { requireKey: config.metrics.requireKey, ...metrics },
      listModels: (asking) => listModels(gateway.models, asking),
      isCallable: (asking, name) => isCallable(gateway.models, asking, name),
      listAccessGroups: (asking) => listAccessGroups(gateway.models, asking),
      askAsTeam: async (caller, teamId) => {
        await getVisibleTeam(storage, caller, teamId);
        const links = { userId: null, teamId, organizationId: null, budgetId: null };
        return { key: null, path: (await storage.ownerCache.standingOf(links)).path };
      },
      askOnBehalf: async (asking, endUserHeader) => {
        const { endUser } = nameCall(asking, { endUserHeader, tagsHeader: null }, {});
        return endUser === null ? asking : { ...asking, customer: await storage.ownerCache.endUser(endUser) };
      },
      listDeployments: (caller) =>
        listDeployments(catalog.deployments(), gateway.models, caller).map((deployment) => ({
          ...deployment,
          isPriced: deployment.price !== undefined,
          price: gateway.priceOf(deployment, deployment.upstreamModel).price,
        })),
      endUserHeaders: config.general.endUserHeaders,
      callModel: (request) => {
        const { key, secretHash } = request.caller;
        if (key !== null) lastActive.note(key.keyId, secretHash, nowMs());
        return callModel(gateway, request);
      },
      explainCall: async (question) => {
        const standing = await storage.ownerCache.standingOf(question.key);
        const refuseRole = (caller: Caller, route: string) =>
          guardRoute({ access: 'llm', scope: 'self', route })(caller);
        return explainCall({ ...gateway, isIpAllowed, refuseRole }, { ...question, standing }, nowMs());
      },
      getVisibleKey: async (caller, text) => (await findKeyFor(keyManagement, caller, 'info', text)).draft.key,
      auditManagement: { audit: storage.audit, seal: auditSeal, signer: createCheckpointSigner(salts.current), nowMs },
      keyManagement,
      modelManagement: buildModelManagement({ storage, catalog, box, nowMs }),
      budgetManagement: buildBudgetManagement(storage, config, nowMs),
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
        leakLimit: foundation.leakLimit,
        isMasterKeyHash: masterKeys.isMasterKeyHash,
        onMasterKey: () => logger.error('The master key was reported as leaked. Replace it now.'),
        nowMs,
        newId,
      },
      teamManagement: buildTeamManagement(config, ownerManagement, keyManagement),
      spending,
    },
    foundation.front,
  );
  warnOfUnknownRoutes(config, routes, logger);
  return { app, keyManagement };
}
