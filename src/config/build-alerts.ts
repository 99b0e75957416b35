/** Alerts and mail: what the file says of them, with the addresses that the environment names. */
import { ALERT_CHANNELS, ALERT_TYPES, type AlertChannel, type AlertType } from '../core/alert-routing.ts';
import { durationSeconds } from '../core/duration.ts';
import { hookUrl, OTHER_CHANNELS, OTHER_TYPES } from './alert-settings.ts';
import type { AlertsConfig, ConfigWarning, MailConfig } from './config.ts';
import type { ConfigPlace } from './config-problem.ts';
import { flag, httpUrl, text, wholeNumber } from './fields.ts';
import type { GeneralSettings } from './general-settings.ts';
import type { OutsideReader } from './outside-settings.ts';

const DEFAULT_EXPIRY_WARNING = '7d';
const DEFAULT_CHECK_MS = 5_000;
/** The port of servers that speak TLS from the first byte on. */
const SMTPS_PORT = 465;

/** Channels without an address are left out, with a warning. `place`: where the file says something of `alerting`. */
export function buildAlerts(
  general: GeneralSettings,
  outside: OutsideReader,
  place: (name: 'alerting' | 'alert_types') => ConfigPlace,
): { alerts: AlertsConfig; warnings: ConfigWarning[]; ineffective: ConfigPlace[] } {
  const args = general.alerting_args;
  const asked = (general.alerting ?? []) as readonly string[];
  const slackWebhookUrl = outside(hookUrl, 'slackWebhookUrl');
  const webhookUrl = outside(hookUrl, 'webhookUrl');
  const mail = buildMail(outside);
  const hasAddress: Record<AlertChannel, boolean> = {
    slack: slackWebhookUrl !== null,
    webhook: webhookUrl !== null,
    email: mail !== null,
  };
  const wanted = ALERT_CHANNELS.filter((channel) => asked.includes(channel));
  const types = (general.alert_types ?? ALERT_TYPES) as readonly string[];
  const warnings = wanted
    .filter((channel) => !hasAddress[channel])
    .map((channel) => channelWarning(channel, place('alerting')));
  return {
    alerts: {
      channels: wanted.filter((channel) => hasAddress[channel]),
      types: ALERT_TYPES.filter((type) => types.includes(type)) as AlertType[],
      slackWebhookUrl,
      webhookUrl,
      mail,
      mailTo: args?.email_recipients ?? [],
      checkEveryMs: args?.check_interval ?? DEFAULT_CHECK_MS,
      keyExpiryWarningMs: (durationSeconds(args?.key_expiry_warning ?? DEFAULT_EXPIRY_WARNING, 0) ?? 0) * 1_000,
      spendReports: general.spend_report_frequency ?? ['7d'],
    },
    warnings,
    ineffective: [
      ...(asked.some((name) => OTHER_CHANNELS.some((other) => other === name)) ? [place('alerting')] : []),
      ...(types.some((name) => OTHER_TYPES.some((other) => other === name)) ? [place('alert_types')] : []),
    ],
  };
}

/** Null: no mail can be sent, since there is no server or nobody to send it as. */
function buildMail(outside: OutsideReader): MailConfig | null {
  const host = outside(text, 'smtpHost');
  const sender = outside(text, 'smtpSenderEmail');
  const port = outside(wholeNumber(1, 65_535), 'smtpPort') ?? 587;
  const tls = outside(flag, 'smtpTls') ?? true;
  const username = outside(text, 'smtpUsername');
  const password = outside(text, 'smtpPassword');
  const supportContact = outside(text, 'emailSupportContact');
  const logoUrl = outside(httpUrl, 'emailLogoUrl');
  const proxyBaseUrl = outside(httpUrl, 'proxyBaseUrl');
  if (host === null || sender === null) return null;
  const security = port === SMTPS_PORT ? 'tls' : tls ? 'starttls' : 'none';
  return { host, port, security, username, password, sender, supportContact, logoUrl, proxyBaseUrl };
}

const NEEDED: Readonly<Record<AlertChannel, string>> = {
  slack: 'SLACK_WEBHOOK_URL is',
  webhook: 'WEBHOOK_URL is',
  email: 'SMTP_HOST and SMTP_SENDER_EMAIL are',
};

function channelWarning(channel: AlertChannel, at: ConfigPlace): ConfigWarning {
  return {
    code: 'alerts_without_address',
    message: `${at.path} names ${channel}, but ${NEEDED[channel]} not set, so nothing is sent there.`,
    places: [at],
  };
}
