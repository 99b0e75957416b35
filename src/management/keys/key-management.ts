/**
 * What the key verbs ask of the world, all of it. `compose.ts` builds one of these; a verb takes the few members that
 * it uses.
 */

import type { Standing } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import type { KnownRoute } from '../../core/ceiling-terms.ts';
import type { BudgetMode, KeyRecord } from '../../core/key.ts';
import type { KeyGenerationRules } from '../../core/key-generation-rules.ts';
import type { KeyDefaults, KeyUpperBounds } from '../../core/key-limits.ts';
import type { LogDestination } from '../../core/log-destination.ts';
import type { OwnerLinks, OwnerReaders } from '../../storage/owners/owner-storage.ts';
import type { KeyStore } from '../../storage/storage.ts';
import type { AlertManagement } from '../alerts/alert-management.ts';
import type { KeyGenerateHook } from './key-generate-hook.ts';

export interface KeySettings {
  /** `default_key_generate_params`. */
  defaults: KeyDefaults;
  /** `upperbound_key_generate_params`. */
  upperBounds: KeyUpperBounds;
  /** `key_generation_settings`. */
  generation: KeyGenerationRules;
  /** `enable_key_alias_format_validation`: aliases are short and plain. */
  strictAliases: boolean;
  /** DISABLE_KEY_NAME: keys carry no mask. */
  disableKeyName: boolean;
  /** How long a rotated secret goes on working when the request does not say; null: not at all. */
  rotationGracePeriod: string | null;
  /** `general_settings.budget_mode`: that of keys which name none. */
  budgetMode: BudgetMode;
}

export interface KeyManagement {
  keys: KeyStore;
  owners: Pick<OwnerReaders, 'users' | 'teamMembers'>;
  /** Who these owners are and who stands behind them, as of the last change. */
  standingOf(links: OwnerLinks): Standing | Promise<Standing>;
  /** Groups that hold the model of this name. */
  accessGroupsOf(model: string): readonly string[];
  /** Every route of this server. */
  routes(): readonly KnownRoute[];
  /** Whether the caller's role lets it call the route. */
  mayCallRoute(caller: Caller, route: KnownRoute): boolean;
  /** Sends a record of no call to a log destination. Never rejects. */
  probeDestination(destination: LogDestination): Promise<{ ok: boolean; error: string | null; tookMs: number }>;
  nowMs(): number;
  randomBytes(count: number): Uint8Array;
  /** `newId('key_')` → `key_` and 22 letters and digits. */
  newId(prefix: string): string;
  /**
   * Nano-dollars spent in the current budget window of each key, in order: the number that enforcement uses. For keys
   * with the windows that hold (`withWindows`).
   */
  readSpend(keys: readonly KeyRecord[]): Promise<number[]>;
  /** Nano-dollars spent as these counters have it, in order. */
  readCounters(counters: readonly string[]): Promise<number[]>;
  /** The counter that the key's own budget, or with `model` its budget for that model, is counted in at this moment. */
  spendCounter(key: KeyRecord, nowMs: number, model?: string): string;
  /** The clock window of a budget duration that holds this moment. */
  budgetWindow(duration: string, nowMs: number): { startMs: number; endMs: number };
  /**
   * At least 16 bytes that only this installation can compute, the same for the same arguments. New ones are the first of
   * the list; the others are what its earlier salt keys had made of them.
   */
  deriveSecrets(nonce: string, note: string): readonly Uint8Array[];
  /** Whether requests for this name could be served: a model group, a wildcard's match, or an alias of one. */
  isKnownModel(name: string): boolean;
  /** `custom_key_generate`; null when there is none. */
  customKeyGenerate: KeyGenerateHook | null;
  alerts: AlertManagement;
  settings: KeySettings;
}
