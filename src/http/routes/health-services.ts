/** Whether what the gateway tells of itself arrives: alerts and mail, and the records of calls. Each is tried for real. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import type { App } from '../app-instance.ts';

export type ServiceTest =
  /** A message has left for so many receivers of alerts. */
  | { kind: 'sent'; receivers: number }
  /** A log destination has taken a record. `inUse`: the configuration sends calls there. */
  | { kind: 'taken'; tookMs: number; inUse: boolean }
  /** In the words of whoever refused it, or of what is missing. */
  | { kind: 'failed'; reason: string }
  /** A channel of alerts that is not set up. */
  | { kind: 'off' }
  | { kind: 'unknown'; known: readonly string[] };

export interface HealthServicesRouteDeps {
  /** Sends a message or a record that says that it is a test, now. Never rejects for what the receiver does. */
  testService(name: string): Promise<ServiceTest>;
}

const SET_UP =
  'Name it in general_settings.alerting, and set SLACK_WEBHOOK_URL, WEBHOOK_URL, or SMTP_HOST and SMTP_SENDER_EMAIL.';
const Reply = z.object({ status: z.literal('success'), message: z.string() });

export function registerHealthServicesRoute(app: App, { testService }: HealthServicesRouteDeps): void {
  app.get(
    '/health/services',
    {
      config: { access: 'admin', scope: 'admin' },
      schema: {
        tags: ['health'],
        summary: 'Sends a test to a channel of alerts or a log destination, and tells how it went',
        description:
          '`slack`, `webhook` and `email` get a message; mail goes to `alerting_args.email_recipients`, else to SMTP_SENDER_EMAIL. ' +
          'A type of log destination (`langfuse`, `datadog`, `otel`, `gcs_bucket`, …) gets the record of no call, with the ' +
          'credentials of the configuration. It is sent while the request waits. A failure is a 400, in the words of ' +
          'whoever refused it.',
        querystring: z.object({ service: z.string().min(1).max(100) }),
        response: { 200: Reply },
      },
    },
    async (request) => {
      const { service } = request.query;
      return { status: 'success' as const, message: wordSuccess(service, await testService(service)) };
    },
  );
}

/** Throws bad_request where the test has not succeeded. */
function wordSuccess(service: string, outcome: ServiceTest): string {
  switch (outcome.kind) {
    case 'sent':
      return `A test message was sent to ${service} (${outcome.receivers}). See whether it has arrived.`;
    case 'taken': {
      const taken = `${service} took a test record in ${outcome.tookMs} ms.`;
      return outcome.inUse
        ? taken
        : `${taken} No callback of the configuration names it, so it gets no calls from there.`;
    }
    case 'failed':
      throw refused(`${service} did not take the test: ${outcome.reason}`);
    case 'off':
      throw refused(`Service '${service}' is not configured. ${SET_UP}`);
    case 'unknown':
      throw refused(`There is no service '${service}'. Services are ${outcome.known.join(', ')}.`);
  }
}

function refused(message: string): GatewayError {
  return new GatewayError('bad_request', message, { param: 'service' });
}
