import { expect, test } from 'vitest';
import { buildAlertEvent, toWireEvent } from './alert-event.ts';
import { ALERT_TYPES, type Alert, type AlertRouting, isWanted, NO_ALERTS, routeAlert } from './alert-routing.ts';

const ROUTING: AlertRouting = {
  channels: ['slack', 'webhook', 'email'],
  types: ALERT_TYPES,
  mailTo: ['ops@example.com'],
};
const ALERT: Alert = {
  id: 'one',
  event: buildAlertEvent({ event: 'key_rotated', group: 'key', message: 'API Key Rotated' }),
  people: ['ada@example.com', 'OPS@example.com'],
  keepUntilMs: 5,
};
const routed = (routing: AlertRouting, alert = ALERT) =>
  routeAlert(routing, alert).map(({ channel, recipient }) => `${channel} ${recipient}`.trim());

test.each([
  [ROUTING, ['slack', 'webhook', 'email ada@example.com', 'email ops@example.com']],
  [{ ...ROUTING, channels: ['webhook'] } satisfies AlertRouting, ['webhook']],
  [{ ...ROUTING, types: ['budget_alerts'] } satisfies AlertRouting, []],
  [NO_ALERTS, []],
])('an alert goes to each channel once, and to each address once', (routing, expected) => {
  expect(routed(routing)).toEqual(expected);
});

test('a mail without an address is none', () => {
  expect(routed({ ...ROUTING, channels: ['email'], mailTo: [] }, { ...ALERT, people: [] })).toEqual([]);
});

test('a type is wanted where somebody is there to hear of it', () => {
  expect(isWanted(ROUTING, 'spend_reports')).toBe(true);
  expect(isWanted({ ...ROUTING, channels: [] }, 'spend_reports')).toBe(false);
});

test('the wire has the fields of the contract, and two of ours, all of them and no others', () => {
  const event = buildAlertEvent({ event: 'budget_crossed', group: 'key', message: 'm', spendNanoUsd: 1_500_000_000 });
  expect(toWireEvent(event)).toEqual({
    event: 'budget_crossed',
    event_group: 'key',
    event_message: 'm',
    token: null,
    spend: 1.5,
    max_budget: null,
    soft_budget: null,
    user_id: null,
    team_id: null,
    team_alias: null,
    organization_id: null,
    customer_id: null,
    user_email: null,
    key_alias: null,
    tag: null,
    model: null,
    projected_exceeded_date: null,
    projected_spend: null,
  });
});
