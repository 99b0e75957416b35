/** The `litellm_settings` of the file that have a meaning here. */
import { z } from 'zod';
import { anyMap, choice, decimal, duration, flag, optional, seconds, text, textList, wholeNumber } from './fields.ts';
import { s3CallbackParams } from './s3-callback-params.ts';
import { teamCallbackSettings, teamDefaultParams } from './team-settings.ts';

/** `-1`: a key may live for ever. */
const lifetime = z.union([z.literal('-1'), z.literal(-1).transform(() => '-1'), duration], {
  error: 'expected a duration such as 30s, 15m, 24h, 7d or 1mo, or -1',
});

export const keyDefaultParams = z.object({
  max_budget: optional(decimal),
  budget_duration: optional(duration),
  duration: optional(lifetime),
  max_parallel_requests: optional(wholeNumber(0)),
  tpm_limit: optional(wholeNumber(0)),
  rpm_limit: optional(wholeNumber(0)),
  user_id: optional(text),
  team_id: optional(text),
  models: optional(textList),
  metadata: optional(anyMap),
});

/** A team by its name alone, or with what its new member is to be there. */
const defaultTeam = z.preprocess(
  (value) => (typeof value === 'string' || typeof value === 'number' ? { team_id: value } : value),
  z.object(
    {
      team_id: text,
      user_role: optional(choice(['user', 'admin'])),
      max_budget_in_team: optional(decimal),
    },
    { error: 'expected the name of a team' },
  ),
);

export const userDefaultParams = z.object({
  user_role: optional(choice(['internal_user', 'internal_user_viewer', 'proxy_admin', 'proxy_admin_viewer'])),
  max_budget: optional(decimal),
  budget_duration: optional(duration),
  tpm_limit: optional(wholeNumber(0)),
  rpm_limit: optional(wholeNumber(0)),
  models: optional(textList),
  teams: optional(z.array(defaultTeam, { error: 'expected a list of teams' })),
  available_teams: optional(textList),
});

export const ownerUpperBoundParams = z.object({
  max_budget: optional(decimal),
  budget_duration: optional(duration),
  max_parallel_requests: optional(wholeNumber(0)),
  tpm_limit: optional(wholeNumber(0)),
  rpm_limit: optional(wholeNumber(0)),
});

export const keyUpperBoundParams = ownerUpperBoundParams.extend({ duration: optional(lifetime) });

export const teamKeyRules = z.object({
  allowed_team_member_roles: optional(
    z.array(choice(['admin', 'user']), { error: 'expected a list of admin and user' }),
  ),
  required_params: optional(textList),
});

const USER_ROLES = ['proxy_admin', 'proxy_admin_viewer', 'org_admin', 'internal_user', 'internal_user_viewer'] as const;

export const personalKeyRules = z.object({
  allowed_user_roles: optional(z.array(choice(USER_ROLES), { error: `expected a list of ${USER_ROLES.join(', ')}` })),
  required_params: optional(textList),
});

export const keyGenerationRules = z.object({
  team_key_generation: optional(teamKeyRules),
  personal_key_generation: optional(personalKeyRules),
});

const timeZone = z.unknown().transform((value, context): string => {
  if (typeof value === 'string' && isTimeZone(value)) return value;
  context.addIssue({ code: 'custom', message: 'expected the name of a time zone such as UTC or Europe/Berlin' });
  return z.NEVER;
});

export const litellmSettings = z.object({
  num_retries: optional(wholeNumber(0, 100)),
  request_timeout: optional(seconds),
  max_budget: optional(decimal),
  budget_duration: optional(duration),
  max_end_user_budget: optional(decimal),
  max_end_user_budget_id: optional(text),
  timezone: optional(timeZone),
  allowed_fails: optional(wholeNumber(0)),
  set_verbose: optional(flag),
  default_internal_user_params: optional(userDefaultParams),
  max_internal_user_budget: optional(decimal),
  internal_user_budget_duration: optional(duration),
  store_audit_logs: optional(flag),
  require_auth_for_metrics_endpoint: optional(flag),
  success_callback: optional(textList),
  failure_callback: optional(textList),
  callbacks: optional(textList),
  turn_off_message_logging: optional(flag),
  redact_messages_in_exceptions: optional(flag),
  redact_user_api_key_info: optional(flag),
  s3_callback_params: optional(s3CallbackParams),
  cache: optional(flag),
  // Looked at only where the cache is switched on: see cache-settings.ts.
  cache_params: optional(anyMap),
  default_key_generate_params: optional(keyDefaultParams),
  upperbound_key_generate_params: optional(keyUpperBoundParams),
  key_generation_settings: optional(keyGenerationRules),
  enable_key_alias_format_validation: optional(flag),
  upperbound_internal_user_params: optional(ownerUpperBoundParams),
  upperbound_team_params: optional(ownerUpperBoundParams),
  default_team_params: optional(teamDefaultParams),
  default_team_settings: optional(z.array(teamCallbackSettings, { error: 'expected a list of {team_id, …}' })),
});

export type LitellmSettings = z.output<typeof litellmSettings>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
