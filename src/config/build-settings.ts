/** The file's settings, defaults filled in, in the units that the product counts in. */
import { dirname, isAbsolute, join } from 'node:path';
import type { z } from 'zod';
import { durationSeconds } from '../core/duration.ts';
import type { EnforcedParams } from '../core/enforced-params.ts';
import type { OwnerUpperBounds } from '../core/key-limits.ts';
import type { Limits } from '../core/limits.ts';
import { toNanoUsd } from '../core/money.ts';
import type {
  GeneralConfig,
  KeyGenerationConfig,
  LoggingConfig,
  MetricsConfig,
  RouterConfig,
  SessionsConfig,
  UserDefaultsConfig,
} from './config.ts';
import type { ConfigPlace, Report } from './config-problem.ts';
import { ALWAYS_PUBLIC, CUSTOMER_ROLE, type GeneralSettings } from './general-settings.ts';
import type { LitellmSettings, ownerUpperBoundParams } from './litellm-settings.ts';
import { isLoopback } from './master-key-strength.ts';
import type { RouterSettings } from './router-settings.ts';
import { withS3Params } from './s3-callback-params.ts';

/** What only the environment can say. */
export interface EnvironmentOnly {
  rotationGracePeriod: string | null;
  rateLimitWindowMs: number | null;
  /** The database is one that other processes may use as well. */
  sharesDatabase: boolean;
  /** What its address says of how many connections there may be. */
  connectionLimit: number | null;
}

export function buildGeneral(
  general: GeneralSettings,
  litellm: LitellmSettings,
  environment: EnvironmentOnly,
  hasRedis: boolean,
): GeneralConfig {
  // What is counted in one process says nothing about the others.
  const counters = general.counters ?? (hasRedis ? 'redis' : environment.sharesDatabase ? 'postgres' : 'memory');
  return {
    budgetMode: general.budget_mode ?? 'standard',
    budgetTimeZone: litellm.timezone ?? 'UTC',
    weekStart: general.week_start ?? 'monday',
    maxBudgetNanoUsd: nanoUsd(litellm.max_budget),
    budgetDuration: litellm.budget_duration,
    maxEndUserBudgetNanoUsd: nanoUsd(litellm.max_end_user_budget),
    maxEndUserBudgetId: litellm.max_end_user_budget_id ?? null,
    globalMaxParallelRequests: general.global_max_parallel_requests,
    rateLimitWindowMs: environment.rateLimitWindowMs ?? 60_000,
    tokenRateLimitType: general.token_rate_limit_type ?? 'total',
    typicalOutputTokens: general.typical_output_tokens ?? 1_024,
    hardBudgetDefaultMaxTokens: general.hard_budget_default_max_tokens ?? 16_384,
    hardBudgetTokensPerImage: general.hard_budget_tokens_per_image ?? 50_000,
    counters,
    counterSlices: general.counter_slices ?? true,
    countersFailMode: general.counters_fail_mode ?? (counters === 'redis' ? 'closed' : 'local'),
    redisTimeoutMs: general.redis_timeout_ms ?? 500,
    redisKeyPrefix: general.redis_key_prefix ?? 'latchkey',
    journalFsync: general.journal_fsync ?? false,
    shipEveryMs: general.ship_every_ms ?? general.proxy_batch_write_at ?? 250,
    maxStalenessMs: general.max_staleness_seconds ?? 2_000,
    databaseOutageGraceMs: (general.database_outage_grace_seconds ?? 600) * 1_000,
    databasePoolSize: general.database_connection_pool_limit ?? environment.connectionLimit ?? 10,
    unsettledCharge: general.unsettled_charge ?? 'hold',
    storePromptsInSpendLogs: general.store_prompts_in_spend_logs ?? false,
    callRetention:
      general.maximum_spend_logs_retention_period === null
        ? null
        : {
            period: general.maximum_spend_logs_retention_period,
            interval: general.maximum_spend_logs_retention_interval ?? '1d',
          },
    rotationGracePeriod: general.key_rotation_grace_period ?? environment.rotationGracePeriod,
    keyHeaderName: general.litellm_key_header_name?.toLowerCase() ?? null,
    trustedProxies: general.trusted_proxies ?? [],
    allowedIps: general.allowed_ips,
    publicRoutes: withoutPublic(general.public_routes ?? []),
    allowedRoutes: general.allowed_routes === null ? null : withoutPublic(general.allowed_routes),
    adminOnlyRoutes: withoutPublic(general.admin_only_routes ?? []),
    enforceUserParam: general.enforce_user_param ?? false,
    enforcedParams: enforcedParams(general),
    rejectClientTags: general.reject_clientside_metadata_tags ?? false,
    endUserHeaders: endUserHeaders(general),
  };
}

function enforcedParams(general: GeneralSettings): EnforcedParams | null {
  const ofAll = general.enforced_params ?? [];
  const ofServiceAccounts = general.service_account_settings?.enforced_params ?? [];
  return ofAll.length + ofServiceAccounts.length === 0 ? null : { ofAll, ofServiceAccounts };
}

/** LiteLLM's own headers go first, and the older of its two settings last. */
function endUserHeaders({ user_header_mappings: mappings, user_header_name: name }: GeneralSettings): string[] {
  const mapped = (mappings ?? []).filter(({ litellm_user_role: role }) => role === CUSTOMER_ROLE);
  const chosen = [...mapped.map(({ header_name: header }) => header), ...(name === null ? [] : [name])];
  return ['x-litellm-customer-id', 'x-litellm-end-user-id', ...chosen.map((header) => header.toLowerCase())];
}

/** Routes that need no key are served in any case, and to everybody. */
function withoutPublic(routes: readonly string[]): string[] {
  return routes.filter((route) => route !== ALWAYS_PUBLIC);
}

/** Names of keys and teams are nobody else's business; on `host` = this machine itself nobody else is there. */
export function buildMetrics(general: GeneralSettings, litellm: LitellmSettings, host: string): MetricsConfig {
  return {
    requireKey: litellm.require_auth_for_metrics_endpoint ?? !isLoopback(host),
    maxSeries: general.metrics_max_series ?? 10_000,
  };
}

/** What switches `/metrics` on in LiteLLM. Here it always is, and no log destination is meant. */
const METRICS_CALLBACK = 'prometheus';

export function buildLogging(
  general: GeneralSettings,
  litellm: LitellmSettings,
  variables: Readonly<Record<string, string>>,
): LoggingConfig {
  const namedFor = (names: readonly string[] | null | undefined): string[] =>
    [...new Set([...(litellm.callbacks ?? []), ...(names ?? [])])].filter((name) => name !== METRICS_CALLBACK);
  const off = litellm.turn_off_message_logging;
  return {
    success: namedFor(litellm.success_callback),
    failure: namedFor(litellm.failure_callback),
    variables: withS3Params(variables, litellm.s3_callback_params),
    content: off === null ? null : !off,
    redaction: {
      caller: litellm.redact_user_api_key_info ?? false,
      quotes: litellm.redact_messages_in_exceptions === null ? null : !litellm.redact_messages_in_exceptions,
    },
    allowedHosts: (general.log_destination_allowed_hosts ?? []).map((host) => host.toLowerCase()),
    maxSpoolBytes: (general.log_spool_max_mb ?? 10_240) * 1024 * 1024,
  };
}

/** `admin`: as the environment names them. */
export function buildSessions(
  general: GeneralSettings,
  rootPath: string,
  admin: { name: string | null; password: string | null },
): SessionsConfig {
  return {
    adminName: admin.name ?? 'admin',
    adminPassword: admin.password,
    idleMs: durationMs(general.session_idle_timeout ?? '8h'),
    absoluteMs: durationMs(general.session_lifetime ?? '24h'),
    cookieSecure: general.session_cookie_secure,
    cookiePath: general.session_cookie_path ?? (rootPath === '' ? '/' : rootPath),
  };
}

/** A month counts from the epoch: 31 days. */
function durationMs(text: string): number {
  return (durationSeconds(text, 0) ?? 0) * 1_000;
}

/** `customKeyGenerate` says where the module's name is written: relative names are relative to that file. */
export function buildKeyGeneration(
  general: GeneralSettings,
  litellm: LitellmSettings,
  customKeyGenerate: ConfigPlace,
  report: Report,
): KeyGenerationConfig {
  const defaults = litellm.default_key_generate_params;
  const bounds = litellm.upperbound_key_generate_params;
  const rules = litellm.key_generation_settings;
  return {
    defaults: {
      maxBudgetNanoUsd: nanoUsd(defaults?.max_budget),
      budgetDuration: defaults?.budget_duration ?? null,
      duration: defaults?.duration ?? null,
      maxParallelRequests: defaults?.max_parallel_requests ?? null,
      tpmLimit: defaults?.tpm_limit ?? null,
      rpmLimit: defaults?.rpm_limit ?? null,
      userId: defaults?.user_id ?? null,
      teamId: defaults?.team_id ?? null,
      models: defaults?.models ?? [],
      metadata: defaults?.metadata ?? {},
    },
    upperBounds: { ...buildUpperBounds(bounds), duration: bounds?.duration ?? null },
    rules: {
      team: {
        memberRoles: rules?.team_key_generation?.allowed_team_member_roles ?? null,
        requiredParams: rules?.team_key_generation?.required_params ?? [],
      },
      personal: {
        userRoles: rules?.personal_key_generation?.allowed_user_roles ?? null,
        requiredParams: rules?.personal_key_generation?.required_params ?? [],
      },
    },
    strictAliases: litellm.enable_key_alias_format_validation ?? false,
    customKeyGenerate: resolveModule(general.custom_key_generate, customKeyGenerate, report),
  };
}

export function buildUserDefaults(litellm: LitellmSettings): UserDefaultsConfig {
  const defaults = litellm.default_internal_user_params;
  return {
    role: defaults?.user_role ?? 'internal_user',
    limits: onlySet({
      maxBudgetNanoUsd: nanoUsd(defaults?.max_budget),
      budgetDuration: defaults?.budget_duration ?? null,
      tpmLimit: defaults?.tpm_limit ?? null,
      rpmLimit: defaults?.rpm_limit ?? null,
    }),
    models: defaults?.models ?? [],
    teams: (defaults?.teams ?? []).map((team) => ({
      teamId: team.team_id,
      role: team.user_role ?? 'user',
      maxBudgetNanoUsd: nanoUsd(team.max_budget_in_team),
    })),
    availableTeamIds: defaults?.available_teams ?? [],
    internalUserBudget: onlySet({
      maxBudgetNanoUsd: nanoUsd(litellm.max_internal_user_budget),
      budgetDuration: litellm.internal_user_budget_duration,
    }),
    upperBounds: buildUpperBounds(litellm.upperbound_internal_user_params),
  };
}

/** What none of its kind may have more of. */
export function buildUpperBounds(bounds: z.output<typeof ownerUpperBoundParams> | null): OwnerUpperBounds {
  return {
    maxBudgetNanoUsd: nanoUsd(bounds?.max_budget),
    budgetDuration: bounds?.budget_duration ?? null,
    maxParallelRequests: bounds?.max_parallel_requests ?? null,
    tpmLimit: bounds?.tpm_limit ?? null,
    rpmLimit: bounds?.rpm_limit ?? null,
  };
}

function onlySet(limits: Partial<Limits>): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null));
}

/** The router's own settings come before the general ones of `litellm_settings`. */
export function buildRouter(router: RouterSettings, litellm: LitellmSettings): RouterConfig {
  return {
    numRetries: router.num_retries ?? litellm.num_retries ?? 2,
    timeoutMs: router.timeout ?? litellm.request_timeout ?? 600_000,
    enableTagFiltering: router.enable_tag_filtering ?? false,
    allowedFails: router.allowed_fails ?? litellm.allowed_fails ?? 3,
    cooldownMs: router.cooldown_time ?? 5_000,
  };
}

function resolveModule(name: string | null, place: ConfigPlace, report: Report): string | null {
  if (name === null) return null;
  if (!/\.[cm]?[jt]s(#.+)?$/.test(name)) {
    report({ ...place, message: 'expected the path of a JavaScript or TypeScript module (.js, .mjs, .ts, …)' });
    return null;
  }
  return isAbsolute(name) || place.at === null ? name : join(dirname(place.at.file), name);
}

function nanoUsd(usd: number | null | undefined): number | null {
  return usd == null ? null : toNanoUsd(usd);
}
