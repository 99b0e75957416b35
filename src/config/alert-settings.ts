/** `alerting` and what belongs to it in the file. */
import { z } from 'zod';
import { ALERT_CHANNELS, ALERT_TYPES } from '../core/alert-routing.ts';
import { choice, duration, httpUrl, optional, seconds } from './fields.ts';

/** LiteLLM's channels and kinds of alerts that nothing sends here. */
export const OTHER_CHANNELS = ['pagerduty', 'ms_teams', 'discord'] as const;
export const OTHER_TYPES = [
  'llm_exceptions',
  'llm_too_slow',
  'llm_requests_hanging',
  'failed_tracking_spend',
  'daily_reports',
  'cooldown_deployment',
  'new_model_added',
  'outage_alerts',
  'region_outage_alerts',
  'fallback_reports',
  'virtual_key_deleted',
  'new_team_created',
  'team_updated',
  'team_deleted',
  'internal_user_updated',
  'internal_user_deleted',
] as const;

const listOf = <const W extends string>(words: readonly W[], what: string) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(choice(words), { error: `expected a list of ${what}` }),
  );

const address = z.unknown().transform((value, context): string => {
  if (typeof value === 'string' && /^[^\s@<>",;]+@[^\s@<>",;]+$/.test(value.trim())) return value.trim();
  context.addIssue({ code: 'custom', message: 'expected an e-mail address' });
  return z.NEVER;
});

const addresses = z.preprocess(
  (value) => (typeof value === 'string' ? [value] : value),
  z.array(address, { error: 'expected a list of e-mail addresses' }),
);

/** Kept as it is: to some receivers a slash at the end is another address. */
export const hookUrl = z.unknown().transform((value, context): string => {
  if (httpUrl.safeParse(value).success) return String(value).trim();
  context.addIssue({
    code: 'custom',
    message: 'expected an http:// or https:// address without user name and password',
  });
  return z.NEVER;
});

export const alertingArgs = z.object({
  check_interval: optional(seconds),
  key_expiry_warning: optional(duration),
  email_recipients: optional(addresses),
});

export const alertSettings = {
  alerting: optional(listOf([...ALERT_CHANNELS, ...OTHER_CHANNELS], 'slack, webhook and email')),
  alert_types: optional(listOf([...ALERT_TYPES, ...OTHER_TYPES], 'kinds of alerts')),
  alerting_args: optional(alertingArgs),
  spend_report_frequency: optional(listOf(['1d', '7d', '30d'], '1d, 7d and 30d')),
};
