/**
 * Looks at the budgets of whoever has spent, a little later and never on a call's way. Which balances have moved is known
 * from what was shipped to the database; beside it all balances are gone through, page by page, for what others have
 * shipped, for budgets that were changed, and for what a process that died had still to look at.
 */
import { LRUCache } from 'lru-cache';
import { buildAlertEvent } from '../core/alert-event.ts';
import { type AlertRouting, type QueuedAlert, routeAlert } from '../core/alert-routing.ts';
import { boundEntries } from '../core/bound-entries.ts';
import { type Crossing, findCrossings, type WatchedBudget } from '../core/budget-alerts.ts';
import { DAY_MS, MINUTE_MS } from '../core/duration.ts';
import { OWNER_KINDS, type OwnerRef, ownerName } from '../core/owner.ts';
import type { AlertStore } from '../storage/alerts/alert-storage.ts';
import type { SpendReader } from '../storage/storage.ts';
import type { WatchedOwner } from './watched-owners.ts';

export interface BudgetWatch {
  /** These counters' balances have moved. Cheap; what is too much is found by going through all of them. */
  note(counters: Iterable<string>): void;
  /** Looks at those that were noted, and goes on with going through the rest. */
  check(): Promise<void>;
}

export interface BudgetWatchDeps {
  store: Pick<AlertStore, 'add' | 'listCounters'>;
  spend: Pick<SpendReader, 'balances'>;
  /** In no order; without those that have no budget. */
  findOwners(owners: readonly OwnerRef[], nowMs: number): Promise<WatchedOwner[]>;
  routing: AlertRouting;
  nowMs(): number;
}

const MAX_NOTED = 50_000;
const BATCH = 500;
/** All of them once in this time, or as fast as page by page allows. */
const ROUND_MS = 10 * MINUTE_MS;
const REMEMBERED = 50_000;

export function createBudgetWatch(deps: BudgetWatchDeps): BudgetWatch {
  const noted = new Set<string>();
  /** Alerts that are known to be written: the database is not asked again for each further call of the owner. */
  const written = new LRUCache<string, true>(boundEntries(REMEMBERED));
  let cursor = '';
  let nextRoundAtMs = Number.NEGATIVE_INFINITY;

  function note(counters: Iterable<string>): void {
    for (const counter of counters) {
      const name = ownerOf(counter);
      if (name !== undefined && noted.size < MAX_NOTED) noted.add(name);
    }
  }

  async function takePage(): Promise<void> {
    if (deps.nowMs() < nextRoundAtMs) return;
    const page = await deps.store.listCounters(cursor, BATCH);
    note(page);
    cursor = page.at(-1) ?? '';
    if (page.length === BATCH) return;
    cursor = '';
    nextRoundAtMs = deps.nowMs() + ROUND_MS;
  }

  async function look(names: readonly string[]): Promise<void> {
    const nowMs = deps.nowMs();
    const owners = await deps.findOwners(names.flatMap(toOwner), nowMs);
    const counters = owners.flatMap(({ budgets }) => budgets.map(({ counter }) => counter));
    if (counters.length === 0) return;
    const balances = await deps.spend.balances([...new Set(counters)]);
    const fresh: { id: string; messages: readonly QueuedAlert[] }[] = [];
    for (const owner of owners) {
      for (const budget of owner.budgets) {
        const spent = balances.get(budget.counter) ?? 0;
        for (const crossing of findCrossings(budget, spent, nowMs)) {
          if (written.has(crossing.id)) continue;
          const alert = buildAlert(owner, budget, crossing, spent);
          fresh.push({
            id: crossing.id,
            messages: routeAlert(deps.routing, { ...alert, people: await owner.people() }),
          });
        }
      }
    }
    await deps.store.add(fresh.flatMap(({ messages }) => messages));
    for (const { id } of fresh) written.set(id, true);
  }

  return {
    note,
    async check() {
      await takePage();
      // Whoever is noted meanwhile has spent again, and is looked at the next time.
      const all = [...noted];
      noted.clear();
      for (let start = 0; start < all.length; start += BATCH) {
        const names = all.slice(start, start + BATCH);
        try {
          await look(names);
        } catch (error) {
          for (const name of all.slice(start)) noted.add(name);
          throw error;
        }
      }
    },
  };
}

function buildAlert(owner: WatchedOwner, budget: WatchedBudget, crossing: Crossing, spentNanoUsd: number) {
  const { event, title, id, projectedExceededDate, projectedSpendNanoUsd } = crossing;
  return {
    id,
    event: buildAlertEvent({
      ...owner.facts,
      event,
      group: owner.group,
      message: `${owner.title} ${budget.model === null ? 'Budget' : 'Model Budget'}: ${title}`,
      model: budget.model,
      spendNanoUsd: spentNanoUsd,
      maxBudgetNanoUsd: budget.maxBudgetNanoUsd,
      softBudgetNanoUsd: budget.softBudgetNanoUsd,
      projectedExceededDate,
      projectedSpendNanoUsd,
    }),
    keepUntilMs: budget.window === null ? null : budget.window.endMs + DAY_MS,
  };
}

/** Every call moves a balance for its owners' whole life; those of windows move with it. */
const WHOLE_LIFE = '/spend';

/** `key:key_1` for `key:key_1/spend`; undefined for all other counters. */
function ownerOf(counter: string): string | undefined {
  return counter.endsWith(WHOLE_LIFE) ? counter.slice(0, -WHOLE_LIFE.length) : undefined;
}

function toOwner(name: string): OwnerRef[] {
  const kind = OWNER_KINDS.find((candidate) => name.startsWith(ownerName({ kind: candidate, id: '' })));
  return kind === undefined ? [] : [{ kind, id: name.slice(ownerName({ kind, id: '' }).length) }];
}
