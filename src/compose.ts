import { mkdirSync } from 'node:fs';
import type { pino } from 'pino';
import { createMasterKeyCheck } from './auth/master-key.ts';
import { createPasswordHasher } from './auth/password-hash.ts';
import { buildAlerts } from './compose/build-alerts.ts';
import { buildApp, type Foundation } from './compose/build-app.ts';
import { buildCallRetention } from './compose/build-call-retention.ts';
import { buildCounters } from './compose/build-counters.ts';
import { chooseUpstream, newEndUserLimits } from './compose/build-gateway.ts';
import { buildSinks } from './compose/build-logs.ts';
import { buildMetrics, type Metrics, processSource } from './compose/build-metrics.ts';
import { buildResealing } from './compose/build-resealing.ts';
import { connectStorage } from './compose/connect-storage.ts';
import { createLogger } from './compose/create-logger.ts';
import { databaseUrlOf } from './compose/database-url.ts';
import { findMasterKey } from './compose/find-master-key.ts';
import { followMasterKey } from './compose/follow-master-key.ts';
import { createModelCatalog } from './compose/model-catalog.ts';
import { createMovedBalances } from './compose/moved-balances.ts';
import { newId } from './compose/new-id.ts';
import { createRequestIds } from './compose/new-request-id.ts';
import { openJournal } from './compose/open-journal.ts';
import { createRecoveredBalances } from './compose/recovered-balances.ts';
import { createReload } from './compose/reload.ts';
import { createRequestLog } from './compose/request-log.ts';
import { createDestinationBox, createSecretBox } from './compose/secret-box.ts';
import { startJobs } from './compose/start-jobs.ts';
import { createUnsettledLogs } from './compose/unsettled-logs.ts';
import { warnOfMissingBudget } from './compose/warn-missing-budget.ts';
import type { Config } from './config/config.ts';
import { getSaltKeys } from './config/salt-file.ts';
import { createAuditSeal } from './core/audit-seal.ts';
import { sha256Hex } from './core/key-secret.ts';
import { createCooldowns } from './gateway/cooldowns.ts';
import { createLiveCalls } from './gateway/live-calls.ts';
import type { App } from './http/app-instance.ts';
import { createFront } from './http/front.ts';
import { createEndUserRecorder } from './jobs/end-user-recorder.ts';
import { createLastActiveRecorder } from './jobs/last-active-recorder.ts';
import type { LedgerRecovery } from './ledger/ledger.ts';
import { createRefusalLog } from './management/audit/refusal-log.ts';
import { runDueRotations } from './management/keys/run-due-rotations.ts';
import { createAttemptLimit } from './management/sessions/attempt-limits.ts';
import { createLoginThrottle } from './management/sessions/login-throttle.ts';
import { collectLogMetrics } from './metrics/log-metrics.ts';
import { createTransport } from './providers/transport.ts';

/** What tests put in the place of the real thing. */
export interface ComposeOverrides {
  nowMs?: () => number;
  random?: () => number;
  logger?: pino.Logger;
  /** `:memory:` and the like, instead of what the configuration says. */
  databaseUrl?: string;
}

export interface Gateway {
  /** Listens. What it answers follows `reload`; what is injected into it does not. */
  app: App;
  /** Made at this start because none was configured; shown once and kept nowhere. Null otherwise. */
  newMasterKey: string | null;
  recovery: LedgerRecovery;
  /** Its own metrics, and from where a scrape takes them. */
  metrics: Pick<Metrics, 'collectOwn' | 'gatherFrom'>;
  /**
   * Reads the configuration again and puts it in force for what comes from now on, all of it or, where it is wrong, nothing.
   * What is in flight goes on by the old one. Says in the log what came of it; never rejects.
   */
  reload(load: () => Config): Promise<void>;
  /** Ends calls in flight (waiting for them up to `drainMs`), ships the journal, closes everything. */
  close(drainMs?: number): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const DRAIN_MS = 30_000;
/** Records of calls that are not delivered by then wait on disk for the next start. */
const LOG_DRAIN_MS = 10_000;
/** Look-ups for one address that reports leaked secrets. */
const LEAKS_PER_HOUR = 1_000;
const HOUR_MS = 3_600_000;

/** The only place that builds things: configuration in, a gateway that is ready to listen out. */
export async function compose(config: Config, overrides: ComposeOverrides = {}): Promise<Gateway> {
  const nowMs = overrides.nowMs ?? Date.now;
  const logger = overrides.logger ?? createLogger(config);
  mkdirSync(config.server.dataDir, { recursive: true, mode: 0o700 });
  const salts = await getSaltKeys(config);
  const auditSeal = createAuditSeal(salts.current, salts.earlier);
  const processId = newId('proc_');
  const { storage, bell } = await connectStorage(config, {
    url: overrides.databaseUrl ?? databaseUrlOf(config),
    processId,
    auditSeal,
    nowMs,
    logger,
  });
  const random = overrides.random ?? Math.random;
  const destinationBox = createDestinationBox(salts);
  let inForce = { config, loadedAtMs: nowMs() };
  let writeBills = () => {};
  const sinks = await buildSinks(config, {
    storage,
    inForce: () => inForce.config,
    openSecret: destinationBox.open,
    beforeWrite: () => writeBills(),
    logger,
    nowMs,
    random,
  });
  const recovered = createRecoveredBalances();
  const moved = createMovedBalances();
  const { ledger, recovery, takeOver } = await openJournal(config, {
    storage,
    nowMs,
    logger,
    onRecovered: recovered.note,
    onUnsettled: createUnsettledLogs({ storage, sinks, inForce: () => inForce.config }),
    onBalancesMoved: config.alerts.channels.length > 0 ? moved.note : undefined,
  }).catch(async (error: unknown) => {
    await sinks.close(0);
    throw error;
  });
  writeBills = ledger.writeOut;
  const { counters, redisState } = await buildCounters(config, {
    storage,
    ledger,
    processId,
    ownClock: overrides.nowMs !== undefined,
    logger,
  });
  recovered.tell(counters);
  const live = createLiveCalls(counters);
  const transport = createTransport({ connectTimeoutMs: CONNECT_TIMEOUT_MS });
  const upstream = chooseUpstream(transport, nowMs);
  const box = createSecretBox(salts, 'models');
  const catalog = createModelCatalog(config, storage.owners.models, box);
  await catalog.refresh();
  await warnOfMissingBudget(config, storage.owners, logger);
  const endUsers = createEndUserRecorder({
    transact: storage.transact,
    limits: () => newEndUserLimits(inForce.config),
  });
  const cooldowns = createCooldowns({
    get allowedFails() {
      return inForce.config.router.allowedFails;
    },
    get cooldownMs() {
      return inForce.config.router.cooldownMs;
    },
    nowMs,
  });
  const metrics = buildMetrics({
    maxSeries: config.metrics.maxSeries,
    nowMs,
    deployments: catalog.deployments,
    isCooling: cooldowns.isCooling,
  });
  const inspectProcess = async () => ({
    callsInFlight: live.count(),
    openHolds: await counters.openHolds(),
    journalBacklog: ledger.backlog(),
    changeFeedPosition: storage.changes.position(),
    changeFeedBehindMs: storage.freshness.behindMs(),
    liveProcesses: storage.processes.live(),
    configDigest: inForce.config.digest,
    configLoadedAtMs: inForce.loadedAtMs,
  });
  metrics.addSource(processSource({ inspect: inspectProcess, pingDatabase: storage.ping, redisState }));
  metrics.addSource(collectLogMetrics(sinks.stats));
  const lastActive = createLastActiveRecorder(storage.keys);
  const requestLog = createRequestLog(logger, nowMs);
  const refusals = createRefusalLog({
    audit: storage.audit,
    nowMs,
    newId,
    onFailure: (error) => logger.error({ err: error }, 'a refused attempt is missing in the audit log'),
  });

  const alerts = buildAlerts(config, {
    storage,
    inForce: () => inForce.config,
    moved,
    sinkStats: sinks.stats,
    salts,
    processId,
    nowMs,
    logger,
  });
  const masterKeys = createMasterKeyCheck([]);
  const front = createFront();
  const foundation: Foundation = {
    storage,
    ledger,
    sinks,
    counters,
    redisState,
    live,
    cooldowns,
    metrics,
    inspectProcess,
    upstream,
    catalog,
    box,
    destinationBox,
    endUsers,
    lastActive,
    requestLog,
    recordRefusal: refusals.record,
    alerts,
    passwords: createPasswordHasher(),
    throttle: createLoginThrottle(nowMs),
    leakLimit: createAttemptLimit({ attempts: LEAKS_PER_HOUR, windowMs: HOUR_MS, nowMs }),
    masterKeys,
    salts,
    auditSeal,
    newRequestId: createRequestIds(nowMs),
    nowMs,
    random,
    logger,
    front,
  };
  let current = await buildApp(config, foundation);
  const { app } = current;
  // After whatever an operator can get wrong (a hook, say): a master key that is made now is shown at the end of the start.
  const masterKey = await findMasterKey(config, storage, nowMs);
  masterKeys.replace([masterKey.hash]);
  const masterKeyFollower = config.masterKey === null ? followMasterKey(storage.settings, masterKeys) : null;
  storage.changes.subscribe((event) => {
    live.onChange(event);
    masterKeyFollower?.onChange(event);
    if (event.kind === 'owner' && event.table === 'models') {
      catalog.refresh().catch((error: unknown) => logger.warn({ err: error }, 'added models could not be read'));
    }
    if (event.kind === 'balance') void counters.adjust(event.counter, event.deltaNanoUsd, event.seq);
  });
  const reload = createReload({
    first: config,
    logger,
    build: (next) => buildApp(next, foundation),
    swap: (next, built) => {
      catalog.replace(next);
      inForce = { config: next, loadedAtMs: nowMs() };
      if (next.masterKey !== null) masterKeys.replace([sha256Hex(next.masterKey)]);
      logger.level = next.log.level;
      requestLog.heedLevel();
      current = built;
      front.hand(built.app);
    },
  });

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
    sinks,
    rotateKeys: () =>
      runDueRotations(current.keyManagement, ({ keyId }) =>
        logger.warn(
          { keyId },
          'A key is due for rotation and nobody has claimed its new secret; the old one goes on working',
        ),
      ),
    ...buildCallRetention({ storage, retention: () => inForce.config.general.callRetention, nowMs, logger }),
    resealSecrets: buildResealing({ storage, salts, processId, nowMs, logger }),
    alertJobs: alerts.jobs,
    nowMs,
    logger,
  });
  return {
    app,
    newMasterKey: masterKey.newSecret,
    recovery,
    metrics,
    reload,
    async close(drainMs = DRAIN_MS) {
      const drained = live.drain(drainMs);
      await app.close();
      await drained;
      await Promise.all(jobs.map((job) => job.stop()));
      await alerts.close();
      await lastActive
        .flush()
        .catch((error: unknown) => logger.warn({ err: error }, 'last uses of keys were not written'));
      await endUsers.flush().catch((error: unknown) => logger.warn({ err: error }, 'new end users were not stored'));
      await refusals.flush(true);
      await Promise.all([ledger.close(), sinks.close(LOG_DRAIN_MS)]);
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
