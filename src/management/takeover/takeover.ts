/** What a takeover asks of the world. */
import type { SealSecret } from '../../core/callback-secrets.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ModelRecord } from '../../core/model-record.ts';
import type { OwnerRef } from '../../core/owner.ts';
import type { BudgetWindows } from '../../core/spend-counter.ts';
import type { Transact } from '../../storage/owners/owner-storage.ts';
import type { KnownRows } from '../../storage/takeover/known-rows.ts';
import type { LitellmSource } from '../../storage/takeover/litellm-source.ts';
import type { ModelManagement } from '../models/model-management.ts';

export interface ModelTakeover extends Pick<ModelManagement, 'check' | 'isConfigured'> {
  /** Every credential of a model, for storage. */
  seal(record: ModelRecord): ModelRecord;
  /** The other way; null: it was sealed with another salt key. */
  unseal(record: ModelRecord): JsonObject | null;
  /** A value as LiteLLM stores it. */
  open(text: string): { kind: 'plain' | 'opened'; text: string } | { kind: 'sealed' };
}

/** Where things are taken over to. */
export interface TakeoverTarget {
  known: KnownRows;
  /** Null: nothing is to be written. */
  transact: Transact | null;
  models: ModelTakeover;
  /** Credentials of log destinations, for storage. */
  sealSecret: SealSecret;
  nowMs(): number;
  newId(prefix: string): string;
  /** The counter that an owner's money, or with `model` its money for that model, is counted in at this moment. */
  spendCounter(ref: OwnerRef, windows: BudgetWindows, atMs: number, model?: string): string;
  windowEndMs(duration: string, atMs: number): number;
  /** The windows in which the whole proxy's spend is counted. */
  proxyWindows: BudgetWindows;
}

export interface Takeover extends TakeoverTarget {
  source: LitellmSource;
}
