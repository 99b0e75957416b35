import { describe, expect, test } from 'vitest';
import { ALERT_TYPES } from '../core/alert-routing.ts';
import { readEnvironment } from './env.ts';
import { loadConfig } from './load-config.ts';

function load(general: string, env: Record<string, string> = {}) {
  const text = `general_settings:\n  master_key: sk-of-the-tests-0123456789\n${general}`;
  const environment = readEnvironment({ LATCHKEY_CONFIG: 'c.yaml', ...env });
  return loadConfig({ environment, readFile: () => text });
}
const codes = (config: ReturnType<typeof load>) => config.warnings.map(({ code }) => code);

describe('alerts', () => {
  test('are off unless they are asked for', () => {
    const { alerts } = load('', { SLACK_WEBHOOK_URL: 'https://hooks.example.com/a' });
    expect(alerts).toMatchObject({ channels: [], types: ALERT_TYPES, spendReports: ['7d'], checkEveryMs: 5_000 });
    expect(alerts.keyExpiryWarningMs).toBe(7 * 86_400_000);
  });

  test('a channel without an address is left out, with a warning', () => {
    const config = load('  alerting: [slack, webhook, email]', { WEBHOOK_URL: 'https://example.com/hook/' });
    expect(config.alerts.channels).toEqual(['webhook']);
    expect(config.alerts.webhookUrl).toBe('https://example.com/hook/');
    expect(codes(config).filter((code) => code === 'alerts_without_address')).toHaveLength(2);
  });

  test('what LiteLLM sends and nothing sends here is warned about', () => {
    const config = load('  alerting: [pagerduty]\n  alert_types: [llm_too_slow, budget_alerts]');
    expect([config.alerts.channels, config.alerts.types]).toEqual([[], ['budget_alerts']]);
    expect(codes(config)).toContain('unsupported_settings');
  });

  test.each([
    ['alerting: [pigeon]', 'general_settings.alerting'],
    ['alerting_args: {chek_interval: 1}', 'did you mean `check_interval`'],
    ['alerting_args: {email_recipients: nobody}', 'email_recipients'],
    ['spend_report_frequency: 2d', 'spend_report_frequency'],
  ])('%s is refused', (line, words) => {
    expect(() => load(`  ${line}`)).toThrow(words);
  });
});

describe('mail', () => {
  const mail = (env: Record<string, string>) =>
    load('', { SMTP_HOST: 'mail.example.com', SMTP_SENDER_EMAIL: 'a@example.com', ...env }).alerts.mail;

  test.each([
    [{}, 587, 'starttls'],
    [{ SMTP_PORT: '465' }, 465, 'tls'],
    [{ SMTP_TLS: 'False' }, 587, 'none'],
    [{ SMTP_PORT: '2525', SMTP_TLS: 'true' }, 2_525, 'starttls'],
  ])('%j', (env, port, security) => {
    expect(mail(env)).toMatchObject({ port, security });
  });

  test('without a server or a sender there is none', () => {
    expect(load('', { SMTP_HOST: 'mail.example.com' }).alerts.mail).toBeNull();
    expect(load('', { SMTP_SENDER_EMAIL: 'a@example.com' }).alerts.mail).toBeNull();
  });
});
