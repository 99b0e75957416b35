import { buildAlertEvent } from '../core/alert-event.ts';
import { type AlertRouting, routeAlert } from '../core/alert-routing.ts';
import type { BudgetCalendar } from '../core/budget-window.ts';
import { DAY_MS, MINUTE_MS } from '../core/duration.ts';
import { toUsd } from '../core/money.ts';
import { oneLine } from '../core/one-line.ts';
import type { AlertStore, SpendPart, SpendSums } from '../storage/alerts/alert-storage.ts';
import type { OwnerReaders } from '../storage/owners/owner-storage.ts';

export type ReportFrequency = '1d' | '7d' | '30d';

/** Bills of the last minutes may still be on their way. */
const SETTLE_MS = 5 * MINUTE_MS;
const LARGEST = 10;
const TITLES: Readonly<Record<ReportFrequency, string>> = { '1d': 'Daily', '7d': 'Weekly', '30d': 'Monthly' };

/**
 * Reports what was spent in the last whole day, week or month (UTC, as the ledger's daily sums are), once for each. A time
 * without calls has no report.
 */
export async function reportSpend(deps: {
  store: Pick<AlertStore, 'add' | 'isKnown' | 'remember' | 'sumDays'>;
  teams: Pick<OwnerReaders['teams'], 'findMany'>;
  /** Of UTC. */
  calendar: BudgetCalendar;
  frequencies: readonly ReportFrequency[];
  routing: AlertRouting;
  nowMs(): number;
}): Promise<void> {
  const { store, calendar, routing } = deps;
  const nowMs = deps.nowMs();
  for (const frequency of deps.frequencies) {
    const { startMs: endMs } = calendar.windowAt(frequency, nowMs);
    if (nowMs < endMs + SETTLE_MS) continue;
    const [firstDay, lastDay] = [toDay(calendar.windowAt(frequency, endMs - 1).startMs), toDay(endMs - 1)];
    const id = `spend_tracked/${frequency}/${firstDay}`;
    if (await store.isKnown(id)) continue;
    const keepUntilMs = nowMs + 90 * DAY_MS;
    const sums = await store.sumDays(firstDay, lastDay, LARGEST);
    const title = `${TITLES[frequency]} Spend Report ${firstDay === lastDay ? firstDay : `${firstDay} to ${lastDay}`}`;
    const message = [title, ...(await describe(sums, deps.teams))].join('\n');
    const event = buildAlertEvent({ event: 'spend_tracked', group: 'proxy', message, spendNanoUsd: sums.spendNanoUsd });
    const messages = sums.calls === 0 ? [] : routeAlert(routing, { id, event, people: [], keepUntilMs });
    if (messages.length > 0) await store.add(messages);
    else await store.remember(id, keepUntilMs);
  }
}

async function describe(sums: SpendSums, teams: Pick<OwnerReaders['teams'], 'findMany'>): Promise<string[]> {
  const ids = sums.teams.map(({ name }) => name);
  const found = await teams.findMany(ids, { includeDeleted: true });
  const aliases = new Map(found.map(({ id, alias }) => [id, alias ?? id]));
  const named = sums.teams.map((part) => ({ ...part, name: aliases.get(part.name) ?? part.name }));
  return [`Calls: ${sums.calls}`, ...list('Teams', named), ...list('Users', sums.users), ...list('Tags', sums.tags)];
}

function list(what: string, parts: readonly SpendPart[]): string[] {
  if (parts.length === 0) return [];
  const words = parts.map(
    ({ name, spendNanoUsd }) => `${oneLine(name)} $${Number(toUsd(spendNanoUsd).toPrecision(6))}`,
  );
  return [`${what}: ${words.join(', ')}`];
}

function toDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
