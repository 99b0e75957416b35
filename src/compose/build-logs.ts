import type { Config } from '../config/config.ts';
import type { JsonObject } from '../core/json.ts';
import { globalDestinations, type LogDestination, ownDestinations } from '../core/log-destination.ts';
import { createLogRoutes, type LogRules } from '../core/log-route.ts';
import type { CallLogs } from '../gateway/gateway-deps.ts';
import { writeCallbacks } from '../management/teams/team-callbacks.ts';
import { createSinks } from '../sinks/create-sinks.ts';
import { describeMissingKind } from '../sinks/open-sink.ts';
import type { SinkLogger } from '../sinks/queue/outbox.ts';
import type { SpoolOrigin } from '../sinks/queue/spool-root.ts';
import type { OpenSecret } from '../sinks/sink-vars.ts';
import type { Sinks } from '../sinks/sinks.ts';
import type { OpenStorage } from '../storage/open-storage.ts';

export type LogConfig = Pick<Config, 'logging' | 'teams'>;

interface SinkParts {
  storage: Pick<OpenStorage, 'keys' | 'owners'>;
  /** What is in force at the moment. */
  inForce: () => LogConfig;
  openSecret: OpenSecret;
  /** Writes the bills of the records that are about to be written. */
  beforeWrite: () => void;
  logger: SinkLogger;
  nowMs: () => number;
  random: () => number;
}

/** The way to all log destinations, open for as long as the process runs. */
export function buildSinks(
  config: Config,
  { storage, inForce, openSecret, beforeWrite, logger, nowMs, random }: SinkParts,
): Promise<Sinks> {
  return createSinks({
    dataDir: config.server.dataDir,
    environment: () => inForce().logging.variables,
    openSecret,
    egress: { allowed: config.logging.allowedHosts },
    destinationsOf: (origin) => readDestinations(origin, storage, rulesOf(inForce())),
    redaction: () => inForce().logging.redaction,
    maxSpoolBytes: config.logging.maxSpoolBytes,
    fsync: config.general.journalFsync,
    beforeWrite,
    nowMs,
    random,
    logger,
  });
}

/** Where calls are logged by this configuration. Says which of its destinations there are not. */
export function buildCallLogs(config: LogConfig, sinks: Pick<Sinks, 'offer'>, logger: SinkLogger): CallLogs {
  const rules = rulesOf(config);
  for (const destination of rules.global) {
    const missing = describeMissingKind(destination);
    if (missing !== undefined) logger.warn({}, `Calls are not logged as the configuration says: ${missing}`);
  }
  return { offer: sinks.offer, routeOf: createLogRoutes(rules) };
}

/** Where calls go by what this configuration says of them. */
export function rulesOf({ logging, teams }: LogConfig): LogRules {
  const { success, failure, content } = logging;
  return {
    global: globalDestinations(success, failure, content),
    content,
    // Teams of `default_team_settings`, as they would say it themselves.
    teamDefaults: new Map(
      teams.callbacks.map(({ teamId, success: onSuccess, failure: onFailure, vars }) => [
        teamId,
        writeCallbacks({}, { successCallbacks: onSuccess, failureCallbacks: onFailure, vars: { ...vars } }),
      ]),
    ),
  };
}

/** Read anew, also of keys and teams that have been deleted: their last records go where they were meant to. */
async function readDestinations(
  { scope, ownerId }: SpoolOrigin,
  storage: SinkParts['storage'],
  { global, content, teamDefaults }: LogRules,
): Promise<readonly LogDestination[]> {
  if (scope === 'global' || ownerId === null) return global;
  const ownerOf = (metadata: JsonObject | undefined) => (metadata === undefined ? null : { id: ownerId, metadata });
  if (scope === 'key') {
    const key = await storage.keys.find({ kind: 'key_id', keyId: ownerId }, { includeDeleted: true });
    return ownDestinations('key', ownerOf(key?.metadata), content) ?? [];
  }
  const team = await storage.owners.teams.find([ownerId], { includeDeleted: true });
  const own = ownDestinations('team', ownerOf(team?.metadata), content);
  return own ?? ownDestinations('team', ownerOf(teamDefaults.get(ownerId)), content) ?? [];
}
