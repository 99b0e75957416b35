import type { OwnerRef } from '../../core/owner.ts';
import type { BudgetWindows } from '../../core/spend-counter.ts';
import type { OwnerReaders, Transact } from '../../storage/owners/owner-storage.ts';

/** What the verbs over users, teams and all other owners ask of the world. A verb takes the part of it that it uses. */
export interface OwnerManagement {
  owners: OwnerReaders;
  transact: Transact;
  nowMs(): number;
  /** `prefix` and enough random characters. */
  newId(prefix: string): string;
  /** Spent in the present budget window, in nano-dollars, in the order asked: the numbers that enforcement uses. */
  readSpend(owners: readonly { ref: OwnerRef; windows: BudgetWindows }[]): Promise<number[]>;
  /** Present values of counters by id, in the order asked. */
  readCounters(ids: readonly string[]): Promise<number[]>;
  /** The counter that an owner's money, or with `model` its money for that model, is counted in at this moment. */
  spendCounter(ref: OwnerRef, windows: BudgetWindows, atMs: number, model?: string): string;
  /** When the budget window of this length that is open now ends. */
  windowEndMs(duration: string): number;
  /** A model group, an alias or something that a wildcard matches. */
  isKnownModel(name: string): boolean;
  /** Access groups of the model that a name leads to. */
  accessGroupsOf(name: string): readonly string[];
}
