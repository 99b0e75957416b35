/** The `general_settings` of the file: LiteLLM's that have a meaning here, and our own. */
import { z } from 'zod';
import type { Weekday } from '../core/budget-window.ts';
import { DAY_MS, durationSeconds, SECOND_MS } from '../core/duration.ts';
import { isParamName, PARAM_NAMES } from '../core/enforced-params.ts';
import { alertSettings } from './alert-settings.ts';
import {
  choice,
  databaseUrl,
  decimal,
  duration,
  flag,
  optional,
  rootPath,
  seconds,
  text,
  textList,
  wholeNumber,
} from './fields.ts';
import { address } from './ip-range.ts';

/** LiteLLM's name for the routes that need no key anyway. */
export const ALWAYS_PUBLIC = 'LiteLLMRoutes.public_routes';

const route = z.unknown().transform((value, context): string => {
  if (typeof value === 'string' && (value.startsWith('/') || value === ALWAYS_PUBLIC)) return value;
  context.addIssue({ code: 'custom', message: 'expected a path that begins with /' });
  return z.NEVER;
});

/** Names of groups, as LiteLLM writes them, and what they are called in the `allowed_routes` of keys. */
const ROUTE_GROUPS: ReadonlyMap<string, string> = new Map([
  ['public_routes', ALWAYS_PUBLIC],
  ['llm_api_routes', 'llm_api_routes'],
  ['openai_routes', 'llm_api_routes'],
  ['info_routes', 'info_routes'],
  ['management_routes', 'management_routes'],
]);

/** A path, the beginning of paths (`/key/*`), or a group of routes. */
const routeOrGroup = z.unknown().transform((value, context): string => {
  if (typeof value === 'string' && value.startsWith('/')) return value;
  const group = typeof value === 'string' ? ROUTE_GROUPS.get(value.replace(/^LiteLLMRoutes\./, '')) : undefined;
  if (group !== undefined) return group;
  context.addIssue({
    code: 'custom',
    message: `expected a path that begins with /, or a group of routes: ${[...ROUTE_GROUPS.keys()].join(', ')}`,
  });
  return z.NEVER;
});

/** Which headers name whom: one, or a list of them. Only customers are taken from headers. */
const userHeaders = z.preprocess(
  (value) => (Array.isArray(value) ? value : [value]),
  z.array(z.object({ header_name: text, litellm_user_role: text }), {
    error: 'expected a list of header_name and litellm_user_role',
  }),
);
const paramNames = z.array(z.custom<string>(isParamName, { error: `expected ${PARAM_NAMES}` }), {
  error: `expected ${PARAM_NAMES}`,
});

export const serviceAccountSettings = z.object({ enforced_params: optional(paramNames) });

/** LiteLLM's word for an end user. */
export const CUSTOMER_ROLE = 'customer';

/** Stands in braces at the beginning of every key. */
const redisPrefix = z.unknown().transform((value, context): string => {
  if (typeof value === 'string' && /^[^{}\s]{1,64}$/.test(value)) return value;
  context.addIssue({ code: 'custom', message: 'expected up to 64 characters without spaces and braces' });
  return z.NEVER;
});

const cookiePath = z.unknown().transform((value, context): string => {
  if (typeof value === 'string' && /^\/[A-Za-z0-9._~/-]*$/.test(value)) return value;
  context.addIssue({ code: 'custom', message: 'expected a path such as / or /gateway' });
  return z.NEVER;
});

/** A shorter one would take away rows of bills that may still be on their way. */
const isAtLeastADay = (period: string): boolean => (durationSeconds(period, 0) ?? 0) * SECOND_MS >= DAY_MS;

const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const satisfies readonly Weekday[];

export const generalSettings = z.object({
  master_key: optional(text),
  database_url: optional(databaseUrl),
  database_password_command: optional(text),
  database_connection_pool_limit: optional(wholeNumber(2, 1_000)),
  server_root_path: optional(rootPath),
  max_staleness_seconds: optional(seconds.refine((ms) => ms >= 1_000, 'expected a number of seconds of at least 1')),
  database_outage_grace_seconds: optional(decimal),
  salt_key: optional(text),
  earlier_salt_keys: optional(textList),
  max_request_size_mb: optional(wholeNumber(1, 2048)),
  custom_key_generate: optional(text),
  disable_auto_add_proxy_admin_to_teams: optional(flag),

  budget_mode: optional(choice(['standard', 'hard'])),
  week_start: optional(choice(WEEKDAYS)),
  typical_output_tokens: optional(wholeNumber(1)),
  hard_budget_default_max_tokens: optional(wholeNumber(1)),
  hard_budget_tokens_per_image: optional(wholeNumber(0)),
  token_rate_limit_type: optional(choice(['total', 'input', 'output'])),
  global_max_parallel_requests: optional(wholeNumber(0)),

  counters: optional(choice(['memory', 'postgres', 'redis'])),
  counter_slices: optional(flag),
  counters_fail_mode: optional(choice(['closed', 'local', 'open'])),
  redis_timeout_ms: optional(wholeNumber(10, 1_000)),
  redis_key_prefix: optional(redisPrefix),

  journal_fsync: optional(flag),
  ship_every_ms: optional(wholeNumber(1, 3_600_000)),
  proxy_batch_write_at: optional(seconds),
  unsettled_charge: optional(choice(['hold', 'zero'])),
  store_prompts_in_spend_logs: optional(flag),
  maximum_spend_logs_retention_period: optional(
    duration.refine((period) => isAtLeastADay(period), 'expected a duration of at least a day, such as 30d'),
  ),
  maximum_spend_logs_retention_interval: optional(duration),
  log_destination_allowed_hosts: optional(textList),
  metrics_max_series: optional(wholeNumber(1, 1_000_000)),
  log_spool_max_mb: optional(wholeNumber(1)),

  key_rotation_grace_period: optional(duration),
  litellm_key_header_name: optional(text),
  trusted_proxies: optional(z.array(address, { error: 'expected a list of addresses' })),
  allowed_ips: optional(z.array(address, { error: 'expected a list of addresses' })),
  public_routes: optional(z.array(route, { error: 'expected a list of paths' })),
  allowed_routes: optional(z.array(routeOrGroup, { error: 'expected a list of routes' })),
  admin_only_routes: optional(z.array(routeOrGroup, { error: 'expected a list of routes' })),
  enforce_user_param: optional(flag),
  enforced_params: optional(paramNames),
  service_account_settings: optional(serviceAccountSettings),
  reject_clientside_metadata_tags: optional(flag),
  user_header_name: optional(text),
  user_header_mappings: optional(userHeaders),
  session_idle_timeout: optional(duration),
  session_lifetime: optional(duration),
  session_cookie_secure: optional(flag),
  session_cookie_path: optional(cookiePath),
  ...alertSettings,
  /** Accepted because every LiteLLM file has it; models can always be added. */
  store_model_in_db: optional(flag),
});

export type GeneralSettings = z.output<typeof generalSettings>;
