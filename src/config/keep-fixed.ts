import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.ts';
import { deepFreeze } from './deep-freeze.ts';

/** Settings that a running process cannot change: what it has opened by them stays open. By the names operators know. */
const FIXED_SERVER = { host: '--host', port: '--port', dataDir: '--data-dir', workers: '--workers' } as const;
const FIXED_GENERAL = {
  counters: 'general_settings.counters',
  counterSlices: 'general_settings.counter_slices',
  countersFailMode: 'general_settings.counters_fail_mode',
  redisTimeoutMs: 'general_settings.redis_timeout_ms',
  redisKeyPrefix: 'general_settings.redis_key_prefix',
  journalFsync: 'general_settings.journal_fsync',
  shipEveryMs: 'general_settings.ship_every_ms',
  maxStalenessMs: 'general_settings.max_staleness_seconds',
  databaseOutageGraceMs: 'general_settings.database_outage_grace_seconds',
  databasePoolSize: 'general_settings.database_connection_pool_limit',
  unsettledCharge: 'general_settings.unsettled_charge',
  maxEndUserBudgetId: 'litellm_settings.max_end_user_budget_id',
} as const;

export interface KeptConfig {
  /** `next`, but for what cannot change. */
  config: Config;
  /** Names of settings that `next` wants to be different, and that stay as they are until a restart. */
  kept: string[];
}

/** What of `next` can take the place of `current` while the process runs. */
export function keepFixed(current: Config, next: Config): KeptConfig {
  const kept: string[] = [];
  /** The present value; notes the name where the next one is different. */
  function keep<T>(name: string, now: T, wanted: T): T {
    if (!isDeepStrictEqual(now, wanted)) kept.push(name);
    return now;
  }
  const keepAll = <T extends object>(names: Partial<Record<keyof T, string>>, now: T, wanted: T): T => {
    const fields = Object.entries(names) as [keyof T, string][];
    return {
      ...wanted,
      ...Object.fromEntries(fields.map(([field, name]) => [field, keep(name, now[field], wanted[field])])),
    };
  };
  const config: Config = {
    ...next,
    server: keepAll(FIXED_SERVER, current.server, next.server),
    databaseUrl: keep('general_settings.database_url', current.databaseUrl, next.databaseUrl),
    databasePasswordCommand: keep(
      'general_settings.database_password_command',
      current.databasePasswordCommand,
      next.databasePasswordCommand,
    ),
    redis: keep('router_settings.redis_url', current.redis, next.redis),
    saltKey: keep('general_settings.salt_key', current.saltKey, next.saltKey),
    earlierSaltKeys: keep('general_settings.earlier_salt_keys', current.earlierSaltKeys, next.earlierSaltKeys),
    // From a key of the installation's own to a configured one, or back, is a restart; from one configured key to another is not.
    masterKey:
      current.masterKey === null || next.masterKey === null
        ? keep('general_settings.master_key', current.masterKey, next.masterKey)
        : next.masterKey,
    general: keepAll(FIXED_GENERAL, current.general, next.general),
    alerts: keep('general_settings.alerting', current.alerts, next.alerts),
    metrics: keepAll({ maxSeries: 'general_settings.metrics_max_series' }, current.metrics, next.metrics),
  };
  return { config: deepFreeze(config), kept };
}
