import { isJsonObject } from './json.ts';
import type { BudgetMode, KeyRecord, ModelBudget } from './key.ts';
import type { OwnerRef } from './owner.ts';

/** The limits of one owner, in the one form that admission knows. Null and absent both mean "no limit of this kind". */
export interface OwnerPolicy {
  owner: OwnerRef;
  maxBudgetNanoUsd: number | null;
  /** Also set without a budget: then only what `spend` shows is windowed. */
  budgetDuration: string | null;
  budgetMode: BudgetMode | null;
  modelMaxBudget: Readonly<Record<string, ModelBudget>>;
  rpmLimit: number | null;
  tpmLimit: number | null;
  maxParallelRequests: number | null;
  modelRpmLimit: Readonly<Record<string, number>>;
  modelTpmLimit: Readonly<Record<string, number>>;
}

const compiled = new WeakMap<KeyRecord, OwnerPolicy>();

/** A key's limits. Records are immutable, so each is read once however many calls it makes. */
export function keyPolicy(key: KeyRecord): OwnerPolicy {
  let policy = compiled.get(key);
  if (policy === undefined) {
    policy = {
      owner: { kind: 'key', id: key.keyId },
      maxBudgetNanoUsd: key.maxBudgetNanoUsd,
      budgetDuration: key.budgetDuration,
      budgetMode: key.budgetMode,
      modelMaxBudget: key.modelMaxBudget,
      rpmLimit: key.rpmLimit,
      tpmLimit: key.tpmLimit,
      maxParallelRequests: key.maxParallelRequests,
      modelRpmLimit: numbersByModel(key.metadata.model_rpm_limit),
      modelTpmLimit: numbersByModel(key.metadata.model_tpm_limit),
    };
    compiled.set(key, policy);
  }
  return policy;
}

/** Per-model limits live in metadata, where anything can have been written: what is not a number limits nothing. */
function numbersByModel(value: unknown): Record<string, number> {
  const limits: Record<string, number> = Object.create(null);
  if (!isJsonObject(value)) return limits;
  for (const [model, limit] of Object.entries(value)) if (typeof limit === 'number') limits[model] = limit;
  return limits;
}
