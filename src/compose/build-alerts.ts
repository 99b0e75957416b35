import { hostname } from 'node:os';
import type { pino } from 'pino';
import type { AlertSender } from '../alerts/alert-sender.ts';
import { createSenders } from '../alerts/create-senders.ts';
import { type DeliveryDeps, deliverAlerts } from '../alerts/deliver-alerts.ts';
import { type ChannelTest, testChannel } from '../alerts/test-channel.ts';
import { createTroubleReport, type TroubleReport } from '../alerts/trouble-report.ts';
import type { Config } from '../config/config.ts';
import { type AlertChannel, type AlertRouting, isWanted } from '../core/alert-routing.ts';
import { type BudgetCalendar, createBudgetCalendar } from '../core/budget-window.ts';
import { keySpendCounter } from '../core/key-spend-counter.ts';
import { NO_LIMITS } from '../core/limits.ts';
import type { SaltKeys } from '../core/salt-keys.ts';
import { createBudgetWatch } from '../jobs/budget-watch.ts';
import { reportSpend } from '../jobs/report-spend.ts';
import { tellOfExpiringKeys } from '../jobs/tell-of-expiring-keys.ts';
import { createSinkWatch } from '../jobs/watch-sinks.ts';
import { createWatchedOwners } from '../jobs/watched-owners.ts';
import type { AlertManagement } from '../management/alerts/alert-management.ts';
import type { SinkStats } from '../sinks/sinks.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import type { MovedBalances } from './moved-balances.ts';
import { newId } from './new-id.ts';
import { createSecretBox } from './secret-box.ts';

/** Something to do on a timer. */
export interface AlertJob {
  name: string;
  everyMs: number;
  run(): Promise<void>;
}

export interface Alerts {
  /** For the verbs that tell people of what they did. */
  management: AlertManagement;
  /** None where nobody is to be told anything. */
  jobs: readonly AlertJob[];
  testChannel(name: string): Promise<ChannelTest>;
  trouble: TroubleReport;
  /** Ends what is being tried, and the connections. */
  close(): Promise<void>;
}

const DELIVER_EVERY_MS = 1_000;
const WATCH_SINKS_EVERY_MS = 5_000;
const WATCH_DATABASE_EVERY_MS = 500;

/** Alerts and mail as configured: who is told, what watches for something to tell, and what takes it there. */
export function buildAlerts(
  config: Config,
  parts: {
    storage: OpenStorage;
    /** The configuration of this moment. `config.alerts` stays what it was at the start. */
    inForce: () => Config;
    /** Counters that calls of this process have moved since they were taken the last time. */
    moved: MovedBalances;
    sinkStats: () => SinkStats[];
    salts: SaltKeys;
    processId: string;
    nowMs: () => number;
    logger: pino.Logger;
  },
): Alerts {
  const { salts, processId, nowMs, logger } = parts;
  const { channels, types, mailTo } = config.alerts;
  const routing: AlertRouting = { channels, types, mailTo };
  const senders = createSenders(channels, config.alerts);
  const box = createSecretBox(salts, 'alerts');
  const processName = `${processId} on ${hostname()}`;
  const trouble = createTroubleReport({ senders, routing, processName, nowMs, logger });
  return {
    management: { routing, sealSecret: (secret, id) => box.seal(secret, id) },
    jobs: channels.length === 0 ? [] : buildJobs(config, { ...parts, routing, senders, trouble, openSecret: box.open }),
    testChannel: (name) => testChannel({ senders, mailTo: testRecipients(config), newId }, name),
    trouble,
    async close() {
      await trouble.stop();
      await Promise.all(Array.from(senders.values(), (sender) => sender.close()));
    },
  };
}

/** A test mail goes to those who get all alerts, else to whoever is named as its sender. */
function testRecipients({ alerts: { mail, mailTo } }: Config): readonly string[] {
  if (mailTo.length > 0 || mail === null) return mailTo;
  return [/<([^<>]+)>\s*$/.exec(mail.sender)?.[1] ?? mail.sender];
}

/** Windows as the configuration of the moment cuts them. */
function followCalendar(inForce: () => Config): BudgetCalendar {
  let known: { general: Config['general']; calendar: BudgetCalendar } | null = null;
  return {
    windowAt(duration, nowMs) {
      const { general } = inForce();
      if (known?.general !== general) {
        const { budgetTimeZone: timeZone, weekStart } = general;
        known = { general, calendar: createBudgetCalendar({ timeZone, weekStart }) };
      }
      return known.calendar.windowAt(duration, nowMs);
    },
  };
}

function buildJobs(
  config: Config,
  parts: Parameters<typeof buildAlerts>[1] & {
    routing: AlertRouting;
    senders: ReadonlyMap<AlertChannel, AlertSender>;
    trouble: TroubleReport;
    openSecret: DeliveryDeps['openSecret'];
  },
): AlertJob[] {
  const { storage, inForce, moved, sinkStats, routing, senders, trouble, openSecret, nowMs, logger } = parts;
  const { checkEveryMs, keyExpiryWarningMs, spendReports } = config.alerts;
  const { alerts: store, spend, ownerCache, owners, keys } = storage;
  const utc = createBudgetCalendar({ timeZone: 'UTC', weekStart: config.general.weekStart });
  const calendar = followCalendar(inForce);
  const proxyLimits = () => {
    const { maxBudgetNanoUsd, budgetDuration } = inForce().general;
    return { ...NO_LIMITS, maxBudgetNanoUsd, budgetDuration };
  };
  const findOwners = createWatchedOwners({ keys, ownerCache, owners, calendar, proxyLimits });
  const watchSinks = createSinkWatch({ stats: sinkStats, report: trouble.report, nowMs });
  const budgets = createBudgetWatch({ store, spend, findOwners, routing, nowMs });
  /** What is said of the database is said once, and not by each job. */
  const whileReachable = (run: () => Promise<void>) => async () => {
    if (!storage.freshness.isCutOff()) await run();
  };
  const every = (everyMs: number, name: string, run: () => Promise<void>): AlertJob => {
    return { name, everyMs, run: whileReachable(run) };
  };
  const jobs = [
    ...Array.from(senders, ([channel, sender]) =>
      every(DELIVER_EVERY_MS, `deliver to ${channel}`, () =>
        deliverAlerts({ store, openSecret, nowMs, logger }, channel, sender),
      ),
    ),
    {
      name: 'watch the database',
      everyMs: WATCH_DATABASE_EVERY_MS,
      run: async () => trouble.report('Database', storage.freshness.isCutOff()),
    },
    {
      name: 'watch the sinks',
      everyMs: WATCH_SINKS_EVERY_MS,
      run: async () => watchSinks(),
    },
  ];
  if (isWanted(routing, 'budget_alerts')) {
    jobs.push(
      every(checkEveryMs, 'watch budgets', () => {
        budgets.note(moved.take());
        return budgets.check();
      }),
    );
  }
  if (isWanted(routing, 'key_expiring')) {
    const spendCounter = (key: Parameters<typeof keySpendCounter>[1], atMs: number) =>
      keySpendCounter(calendar, key, atMs);
    const deps = { store, spend, ownerCache, spendCounter, routing, warningMs: keyExpiryWarningMs, nowMs };
    jobs.push(every(checkEveryMs, 'tell of expiring keys', () => tellOfExpiringKeys(deps)));
  }
  if (isWanted(routing, 'spend_reports')) {
    const deps = { store, teams: owners.teams, calendar: utc, frequencies: spendReports, routing, nowMs };
    jobs.push(every(checkEveryMs, 'report spend', () => reportSpend(deps)));
  }
  return jobs;
}
