import { expect, test, vi } from 'vitest';
import { ALERT_TYPES } from '../core/alert-routing.ts';
import type { OutgoingAlert } from './alert-sender.ts';
import { createTroubleReport } from './trouble-report.ts';

function start(failures = 0) {
  const sent: OutgoingAlert[] = [];
  const errors: string[] = [];
  let left = failures;
  const report = createTroubleReport({
    senders: new Map([
      [
        'slack',
        {
          async send(alert: OutgoingAlert) {
            if (left-- > 0) throw new Error('answered 503');
            sent.push(alert);
          },
          close: async () => {},
        },
      ],
    ]),
    routing: { channels: ['slack'], types: ALERT_TYPES, mailTo: [] },
    processName: 'proc_1 on host',
    nowMs: () => 0,
    logger: { error: (_details, text) => errors.push(text) },
    pausesMs: [0, 1, 1],
  });
  return { report, sent, errors };
}
const eventsIn = (sent: OutgoingAlert[]) => sent.map(({ event }) => `${event.event} ${event.message.split('\n')[0]}`);

test('each change of state is told once, in order', async () => {
  const { report, sent } = start(1);
  for (const away of [false, true, true, false, false, true]) report.report('Database', away);
  await vi.waitFor(() =>
    expect(eventsIn(sent)).toEqual([
      'trouble_begun Database Does Not Answer',
      'trouble_ended Database Answers Again',
      'trouble_begun Database Does Not Answer',
    ]),
  );
  expect(new Set(sent.map(({ event }) => event.group))).toEqual(new Set(['proxy']));
});

test('several things in trouble are told apart', async () => {
  const { report, sent } = start();
  report.report('Database', true);
  report.report('Sink gcs_bucket', true, 'no such bucket');
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  expect(sent[1]?.event.message).toContain('no such bucket');
});

test('it is given up after the last pause, with an error, and what comes next is told', async () => {
  const { report, sent, errors } = start(3);
  report.report('Database', true);
  report.report('Database', false);
  await vi.waitFor(() => expect(eventsIn(sent)).toEqual(['trouble_ended Database Answers Again']));
  expect(errors).toHaveLength(1);
});
