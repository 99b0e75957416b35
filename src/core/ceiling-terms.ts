/** What bounds a key, and what is held against it. */
import type { BudgetMode, KeyRecord } from './key.ts';
import { fillLimits, type Limits } from './limits.ts';
import { keyLimits } from './owner-policy.ts';
import type { BudgetRecord, TeamRecord } from './owner-records.ts';
import type { Capacity } from './permissions.ts';
import type { DataScope, RouteGroup } from './route-access.ts';

/** A key as it is or would be, with what it is linked to. */
export interface KeyDraft {
  key: KeyRecord;
  budget: BudgetRecord | null;
  team: TeamRecord | null;
}

/** A key that another may not exceed: the one that calls, or the one that is changed, as it was. */
export interface KeyBound extends KeyDraft {
  /** For the words of a refusal. */
  whose: string;
  /** The key itself, before a change by a user who may only narrow it. */
  isBefore: boolean;
}

/** Limits of somebody who stands behind the maker and will not stand behind the key, so that it has to carry them. */
export interface LimitBound {
  whose: string;
  limits: Limits;
}

/** A list of models. `carried`: nothing else will hold the key to it, so the key has to name its models. */
export interface ModelBound {
  whose: string;
  models: readonly string[];
  carried: boolean;
}

export interface KnownRoute {
  access: RouteGroup;
  scope: DataScope;
  route: string;
}

export interface KeyCeiling {
  keys: readonly KeyBound[];
  limits: readonly LimitBound[];
  models: readonly ModelBound[];
  /** As what the maker acts. */
  capacity: Capacity;
  /** The key that calls; what it was granted it may pass on. */
  holder: KeyRecord | null;
  /** What was granted before the change stays. */
  before: KeyRecord | null;
  /** Neither the maker's nor nobody's: whoever holds the key speaks with that name. */
  inOthersName: boolean;
  world: CeilingWorld;
}

/** What only the installation knows. */
export interface CeilingWorld {
  defaultBudgetMode: BudgetMode;
  accessGroupsOf(model: string): readonly string[];
  isKnownModel(name: string): boolean;
  routes: readonly KnownRoute[];
  /** Whether the maker's role lets it call the route. */
  mayCall(route: KnownRoute): boolean;
  nowMs: number;
}

export interface Excess {
  param: string;
  message: string;
}

export interface Aspect {
  /** What the aspect is about; where this does not change, nothing is checked. */
  read(draft: KeyDraft): unknown;
  /** What else keeps it within its bound; where this changes, it is checked again. */
  dependsOn?(draft: KeyDraft): unknown;
  excess(draft: KeyDraft, ceiling: KeyCeiling): Excess | undefined;
  /** The key with the bound instead of its own value. Absent: what is left open is never too much. */
  tighten?(draft: KeyDraft, ceiling: KeyCeiling): KeyRecord;
}

/** Limits of a key, and of its budget row where it says nothing. */
export function limitsOfDraft({ key, budget }: Pick<KeyDraft, 'key' | 'budget'>): Limits {
  return fillLimits(keyLimits(key), budget);
}

/** Everything whose limits the key has to carry itself. */
export function limitBounds({ keys, limits }: KeyCeiling): LimitBound[] {
  return [...keys.map((bound) => ({ whose: bound.whose, limits: limitsOfDraft(bound) })), ...limits];
}

export function withMetadata(key: KeyRecord, name: string, value: KeyRecord['metadata'][string]): KeyRecord {
  return { ...key, metadata: { ...key.metadata, [name]: value } };
}

export function withExtra(key: KeyRecord, name: string, value: KeyRecord['extra'][string]): KeyRecord {
  return { ...key, extra: { ...key.extra, [name]: value } };
}

/** The text items of what should be a list of them. */
export function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
