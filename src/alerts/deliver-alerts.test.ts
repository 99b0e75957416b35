import { expect, test } from 'vitest';
import { buildAlertEvent } from '../core/alert-event.ts';
import type { ClaimedAlert } from '../storage/alerts/alert-storage.ts';
import type { OutgoingAlert } from './alert-sender.ts';
import { deliverAlerts } from './deliver-alerts.ts';

const NOW = 1_000_000;
const HOUR = 3_600_000;

const claimed = (over: Partial<ClaimedAlert> = {}): ClaimedAlert => ({
  id: 'one',
  channel: 'webhook',
  recipient: '',
  event: buildAlertEvent({ event: 'key_created', group: 'key', message: 'API Key Created' }),
  sealedSecret: null,
  keepUntilMs: null,
  attempts: 1,
  createdAtMs: NOW,
  claimedUntilMs: NOW + 60_000,
  ...over,
});

async function deliver(alert: ClaimedAlert, failure: string | null = null) {
  const told: string[] = [];
  const sent: OutgoingAlert[] = [];
  const store = {
    claim: async () => [alert],
    finish: async (_alert: ClaimedAlert, state: string) => void told.push(state),
    postpone: async (_alert: ClaimedAlert, atMs: number) => void told.push(`again in ${(atMs - NOW) / 1_000} s`),
  };
  const logger = {
    warn: (details: object, text: string) => told.push(`warn ${text} ${JSON.stringify(details)}`),
    error: (_details: object, text: string) => told.push(`error ${text}`),
  };
  const openSecret = (sealed: string, id: string) => (sealed === `sealed for ${id}` ? 'sk-secret' : null);
  await deliverAlerts({ store, openSecret, nowMs: () => NOW, logger }, 'webhook', {
    async send(outgoing) {
      if (failure !== null) throw new Error(failure);
      sent.push(outgoing);
    },
    close: async () => {},
  });
  return { told, sent };
}

test('what arrives is done', async () => {
  const { told, sent } = await deliver(claimed());
  expect(told).toEqual(['delivered']);
  expect(sent).toMatchObject([{ id: 'one', secret: null }]);
});

test.each([
  [1, 'again in 5 s'],
  [2, 'again in 10 s'],
  [10, 'again in 2560 s'],
  [11, 'again in 3600 s'],
  [19, 'again in 3600 s'],
])('after %i attempts it comes %s', async (attempts, expected) => {
  const { told } = await deliver(claimed({ attempts }), 'answered 500');
  expect(told[0]).toMatch(/^warn .*answered 500/);
  expect(told[1]).toBe(expected);
});

test('the twentieth failure is the last, and an error says so', async () => {
  const { told } = await deliver(claimed({ attempts: 20 }), 'answered 500');
  expect(told).toEqual([expect.stringMatching(/^error .*given up/), 'failed']);
});

test('what is older than a day is not sent any more', async () => {
  const { told, sent } = await deliver(claimed({ createdAtMs: NOW - 24 * HOUR - 1 }));
  expect(told).toEqual([expect.stringMatching(/^error /), 'failed']);
  expect(sent).toEqual([]);
});

test('a sealed secret is opened for the message that it was sealed for, and for no other', async () => {
  expect((await deliver(claimed({ sealedSecret: 'sealed for one' }))).sent).toMatchObject([{ secret: 'sk-secret' }]);
  const other = await deliver(claimed({ sealedSecret: 'sealed for two' }));
  expect([other.sent, other.told.at(-1)]).toEqual([[], 'failed']);
});
