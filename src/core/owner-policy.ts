import { type BudgetRaise, parseBudgetRaise } from './budget-raise.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import type { KeyRecord } from './key.ts';
import { type BudgetLimit, fillLimits, type Limits } from './limits.ts';
import { toNanoUsd } from './money.ts';
import { memberRef, type OwnerKind, type OwnerRef, organizationMemberRef } from './owner.ts';
import type { BudgetRecord, LimitedOrganizationMember, OwnerRecord, TeamMemberRecord } from './owner-records.ts';

/** The limits of one owner, in the one form that admission knows. Null and absent both mean "no limit of this kind". */
export interface OwnerPolicy extends Omit<Limits, 'softBudgetNanoUsd'> {
  owner: OwnerRef;
  /** What an administrator has added to `maxBudgetNanoUsd` for a while. */
  raise: BudgetRaise | null;
  /** Tag → requests per minute of this owner's calls that carry it. Only keys have such limits. */
  tagRpmLimit: Readonly<Record<string, number>>;
}

/** A key's limits, and those of the budget row that it is linked to where it says nothing. */
export function keyPolicy(key: KeyRecord, linked: BudgetRecord | null): OwnerPolicy {
  const owner = { kind: 'key', id: key.keyId } as const;
  const policy = toPolicy(owner, fillLimits(keyLimits(key), linked), key.metadata);
  return { ...policy, tagRpmLimit: numbersByName(key.metadata.tag_rpm_limit, {}) };
}

/** Linked rows are filled in already. */
export function ownerPolicy(kind: OwnerKind, record: OwnerRecord): OwnerPolicy {
  return toPolicy({ kind, id: record.id }, record, record.metadata);
}

export function memberPolicy(member: TeamMemberRecord): OwnerPolicy {
  return toPolicy(memberRef(member.teamId, member.userId), member, member.metadata);
}

export function organizationMemberPolicy(member: LimitedOrganizationMember): OwnerPolicy {
  return toPolicy(organizationMemberRef(member.organizationId, member.userId), member, {});
}

/** Limits that stand in no record. */
export function plainPolicy(owner: OwnerRef, limits: Limits): OwnerPolicy {
  return toPolicy(owner, limits, {});
}

function toPolicy(owner: OwnerRef, limits: Limits, metadata: JsonObject): OwnerPolicy {
  const { maxBudgetNanoUsd, budgetDuration, budgetMode, budgetLimits, modelMaxBudget } = limits;
  return {
    owner,
    raise: parseBudgetRaise(metadata),
    maxBudgetNanoUsd,
    budgetDuration,
    budgetMode,
    budgetLimits,
    modelMaxBudget,
    rpmLimit: limits.rpmLimit,
    tpmLimit: limits.tpmLimit,
    maxParallelRequests: limits.maxParallelRequests,
    // LiteLLM keeps these of keys and teams in their metadata.
    modelRpmLimit: numbersByName(metadata.model_rpm_limit, limits.modelRpmLimit),
    modelTpmLimit: numbersByName(metadata.model_tpm_limit, limits.modelTpmLimit),
    tagRpmLimit: {},
  };
}

/** The limits that a key's own row says. */
export function keyLimits(key: KeyRecord): Limits {
  return {
    maxBudgetNanoUsd: key.maxBudgetNanoUsd,
    softBudgetNanoUsd: key.softBudgetNanoUsd,
    budgetDuration: key.budgetDuration,
    budgetMode: key.budgetMode,
    budgetLimits: toBudgetLimits(key.extra.budget_limits),
    modelMaxBudget: key.modelMaxBudget,
    rpmLimit: key.rpmLimit,
    tpmLimit: key.tpmLimit,
    maxParallelRequests: key.maxParallelRequests,
    modelRpmLimit: numbersByName(key.metadata.model_rpm_limit, {}),
    modelTpmLimit: numbersByName(key.metadata.model_tpm_limit, {}),
  };
}

/** A key's are kept as they were written, in dollars; what is no budget was refused when it was written. */
function toBudgetLimits(written: Json | undefined): BudgetLimit[] {
  if (!Array.isArray(written)) return [];
  return written.flatMap((limit) => {
    if (!isJsonObject(limit)) return [];
    const { budget_duration: budgetDuration, max_budget: usd } = limit;
    if (typeof budgetDuration !== 'string' || typeof usd !== 'number') return [];
    // One too small for a nano-dollar is one: rounded to 0 it would allow nothing.
    return [{ budgetDuration, maxBudgetNanoUsd: usd > 0 ? Math.max(1, toNanoUsd(usd)) : 0 }];
  });
}

/** Metadata is free, so anything can have been written there: what is not a number limits nothing. */
export function numbersByName(value: unknown, own: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  if (!isJsonObject(value)) return own;
  const limits: Record<string, number> = Object.assign(Object.create(null), own);
  for (const [name, limit] of Object.entries(value)) {
    if (typeof limit === 'number' && !Object.hasOwn(own, name)) limits[name] = limit;
  }
  return limits;
}
