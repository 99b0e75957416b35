/** What the spend verbs ask of the world, all of it; a verb takes the few members that it uses. */
import type { Standing } from '../../core/call-path.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { ModelPrice } from '../../core/model.ts';
import type { OwnerLinks, OwnerReaders } from '../../storage/owners/owner-storage.ts';
import type { KeyStore, SpendReader } from '../../storage/storage.ts';
import type { UsageReader } from '../../storage/usage-storage.ts';

export type { DailySpend, SpendRow } from '../../storage/storage.ts';
export type { UsageDimension, UsageRow } from '../../storage/usage-storage.ts';

export interface SpendManagement {
  spend: SpendReader;
  usage: UsageReader;
  keys: Pick<KeyStore, 'find' | 'list'>;
  teams: Pick<OwnerReaders['teams'], 'findMany'>;
  organizations: Pick<OwnerReaders['organizations'], 'findMany'>;
  users: Pick<OwnerReaders['users'], 'findMany'>;
  endUsers: Pick<OwnerReaders['endUsers'], 'findMany'>;
  /** Nano-dollars spent in the current budget window of each key, in order: the number that enforcement uses. */
  readSpend(keys: readonly KeyRecord[]): Promise<number[]>;
  /** Who stands behind a key, and the budget row that it is linked to. */
  standingOf(links: OwnerLinks): Standing | Promise<Standing>;
  /** The clock window of a budget duration that holds this moment. */
  budgetWindow(duration: string, nowMs: number): { startMs: number; endMs: number };
  /** Ships what is journalled, so that a call that has been answered is on the bill that is read. */
  flushLedger(): Promise<void>;
  /** The price of what is called by this name: a model group, an alias, or a name that the price library knows. */
  priceOf(model: string): ModelPrice | null;
  /** `litellm_settings.max_budget`; null when the proxy as a whole has none. */
  proxyMaxBudgetNanoUsd: number | null;
  nowMs(): number;
}
