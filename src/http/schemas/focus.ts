/**
 * Spend as charges of the FinOps Open Cost and Usage Specification (FOCUS 1.2): every column that it demands of all
 * data, those of its optional ones that there is something to say in, and columns of our own, which begin with `x_`.
 */
import { toUsdText } from '../../core/money.ts';
import type { UsageDimension, UsageRow } from '../../management/spend/spend-management.ts';
import type { UsageNames } from '../../management/spend/usage-names.ts';

export const FOCUS_COLUMNS = [
  'BilledCost',
  'BillingAccountId',
  'BillingAccountName',
  'BillingCurrency',
  'BillingPeriodEnd',
  'BillingPeriodStart',
  'ChargeCategory',
  'ChargeClass',
  'ChargeDescription',
  'ChargeFrequency',
  'ChargePeriodEnd',
  'ChargePeriodStart',
  'ConsumedQuantity',
  'ConsumedUnit',
  'ContractedCost',
  'EffectiveCost',
  'InvoiceIssuerName',
  'ListCost',
  'PricingQuantity',
  'PricingUnit',
  'ProviderName',
  'PublisherName',
  'ResourceId',
  'ResourceName',
  'ResourceType',
  'ServiceCategory',
  'ServiceName',
  'ServiceSubcategory',
  'SkuId',
  'SubAccountId',
  'SubAccountName',
  'Tags',
  'x_CacheReadTokens',
  'x_CacheWriteTokens',
  'x_CompletionTokens',
  'x_EndUser',
  'x_FailedRequests',
  'x_Model',
  'x_PromptTokens',
  'x_UserId',
] as const;

/** A charge always says when, where and for what; of whom as far as is asked. */
export const FOCUS_ALWAYS: readonly UsageDimension[] = ['day', 'provider', 'model'];
export const FOCUS_DIMENSIONS: readonly UsageDimension[] = ['organization', 'team', 'key', 'user', 'end_user', 'tags'];

type FocusCharge = Record<(typeof FOCUS_COLUMNS)[number], string | number | null>;

/** Calls that never reached a provider, and whoever belongs to no organisation. */
const OURSELVES = { id: 'latchkey', name: 'Latchkey' };
const DAY_MS = 86_400_000;

/** One day of one provider's model. A charge with several tags is one charge. */
export function toFocusCharge(row: UsageRow, names: UsageNames): FocusCharge {
  const cost = toUsdText(row.spendNanoUsd);
  const dayMs = Date.parse(row.day);
  const day = new Date(dayMs);
  const monthStart = Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1);
  const monthEnd = Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1);
  const provider = row.provider || OURSELVES.name;
  const key = names.keys.get(row.keyId);
  return {
    BilledCost: cost,
    BillingAccountId: row.organizationId || OURSELVES.id,
    BillingAccountName: row.organizationId
      ? (names.organizations.get(row.organizationId) ?? row.organizationId)
      : OURSELVES.name,
    BillingCurrency: 'USD',
    BillingPeriodEnd: toIsoSecond(monthEnd),
    BillingPeriodStart: toIsoSecond(monthStart),
    ChargeCategory: 'Usage',
    ChargeClass: null,
    ChargeDescription: `Calls of ${row.model || 'no model'} by ${provider}`,
    ChargeFrequency: 'Usage-Based',
    ChargePeriodEnd: toIsoSecond(dayMs + DAY_MS),
    ChargePeriodStart: toIsoSecond(dayMs),
    ConsumedQuantity: row.calls,
    ConsumedUnit: 'Requests',
    ContractedCost: cost,
    EffectiveCost: cost,
    InvoiceIssuerName: provider,
    ListCost: cost,
    PricingQuantity: row.promptTokens + row.completionTokens,
    PricingUnit: 'Tokens',
    ProviderName: provider,
    PublisherName: provider,
    ResourceId: row.keyId || null,
    ResourceName: row.keyId ? (key?.alias ?? key?.mask ?? row.keyId) : null,
    ResourceType: row.keyId ? 'Virtual Key' : null,
    ServiceCategory: 'AI and Machine Learning',
    ServiceName: `${provider} models`,
    ServiceSubcategory: 'Generative AI',
    SkuId: `${provider}/${row.model}`,
    SubAccountId: row.teamId || null,
    SubAccountName: row.teamId ? (names.teams.get(row.teamId) ?? row.teamId) : null,
    Tags: row.tags.length === 0 ? null : JSON.stringify(Object.fromEntries(row.tags.map((tag) => [tag, true]))),
    x_CacheReadTokens: row.cacheReadTokens,
    x_CacheWriteTokens: row.cacheWriteTokens,
    x_CompletionTokens: row.completionTokens,
    x_EndUser: row.endUser || null,
    x_FailedRequests: row.failures,
    x_Model: row.model,
    x_PromptTokens: row.promptTokens,
    x_UserId: row.userId || null,
  };
}

function toIsoSecond(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
