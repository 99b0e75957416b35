import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALERT_TYPES, type AlertRouting } from '../core/alert-routing.ts';
import { createBudgetCalendar } from '../core/budget-window.ts';
import { type OpenStorage, openStorage } from '../storage/open-storage.ts';
import { type ReportFrequency, reportSpend } from './report-spend.ts';

const ROUTING: AlertRouting = { channels: ['webhook'], types: ALERT_TYPES, mailTo: [] };
/** A Wednesday. */
let nowMs = Date.UTC(2026, 3, 15, 0, 4);
let storage: OpenStorage;

beforeAll(async () => {
  storage = await openStorage({ url: ':memory:', nowMs: () => nowMs, poolSize: 1 });
  const row = {
    key_id: 'key_1',
    key_hash: 'h',
    organization_id: '',
    end_user: '',
    model: 'm',
    model_group: 'm',
    provider: 'p',
    failures: 0,
    prompt_tokens: 1,
    completion_tokens: 1,
    cache_read_tokens: 0,
    cache_write_tokens: 0,
    tag_set: '',
    tags: '[]',
  };
  const day = (date: string, user_id: string, team_id: string, usd: number) => ({
    ...row,
    day: date,
    user_id,
    team_id,
    calls: 1,
    spend_nano_usd: usd * 1_000_000_000,
  });
  await storage.writes
    .insertInto('daily_spend')
    .values([
      day('2026-04-05', 'ada', 'red', 100),
      day('2026-04-06', 'ada', 'red', 1),
      day('2026-04-12', 'bob', 'red', 2),
      day('2026-04-14', 'bob', '', 4),
    ])
    .execute();
  await storage.writes
    .insertInto('daily_tag_spend')
    .values([{ day: '2026-04-14', tag: 'ci\nTeams: made up', calls: 1, spend_nano_usd: 4_000_000_000 }])
    .execute();
});
afterAll(() => storage.close());

const report = (frequencies: ReportFrequency[]) =>
  reportSpend({
    store: storage.alerts,
    teams: storage.owners.teams,
    calendar: createBudgetCalendar({ timeZone: 'UTC' }),
    frequencies,
    routing: ROUTING,
    nowMs: () => nowMs,
  });
async function written(): Promise<string[][]> {
  const claimed = await storage.alerts.claim(['webhook'], nowMs + 60_000, 10);
  for (const alert of claimed) await storage.alerts.finish(alert, 'delivered');
  return claimed.map(({ event }) => [event.event, event.message]);
}

test('a report waits until the last bills are there, and comes once', async () => {
  await report(['1d']);
  expect(await written()).toEqual([]);
  nowMs += 60_000;
  await report(['1d', '7d']);
  const expected = [
    ['spend_tracked', 'Daily Spend Report 2026-04-14\nCalls: 1\nUsers: bob $4\nTags: ci Teams: made up $4'],
    ['spend_tracked', 'Weekly Spend Report 2026-04-06 to 2026-04-12\nCalls: 2\nTeams: red $3\nUsers: bob $2, ada $1'],
  ];
  expect((await written()).sort()).toEqual(expected);
  await report(['1d', '7d']);
  expect(await written()).toEqual([]);
});

test('a day without calls has no report', async () => {
  nowMs += 86_400_000;
  await report(['1d']);
  expect(await written()).toEqual([]);
});
