/**
 * Refusals by a limit, as values, and the one switch that words them. A refusal says whose limit it was, what is used,
 * held and left, when it resets and what to do; LiteLLM's fixed phrases stay in, since clients match on them.
 */
import type { Charge, LimitName, Shortage } from './charge.ts';
import { windowLengthOf } from './counter-id.ts';
import { GatewayError } from './gateway-error.ts';
import { toUsd } from './money.ts';
import type { OwnerKind, OwnerRef } from './owner.ts';

export type Denial = { kind: 'over_limit'; shortage: Shortage } | UnknownPrice;

/** A hard budget cannot be kept for a model whose calls may cost anything. */
export interface UnknownPrice {
  kind: 'unknown_price';
  owner: OwnerRef;
  limit: LimitName;
  model: string;
  ceilingNanoUsd: number;
  counter: string;
}

/** How an owner is shown: for a key the hash that administrators know it by, a member as `USER in Team=TEAM` or `USER in Organization=…`. */
export interface OwnerLabel {
  shown: string;
  alias: string | null;
  /** Of a key, `sk-...abcd`: what its holder sees of it. */
  mask?: string | null;
}

export interface DenialContext {
  nowMs: number;
  label(owner: OwnerRef): OwnerLabel;
}

/** LiteLLM's word for an owner in rate limit texts and header names. */
export const RATE_SCOPE: Readonly<Record<OwnerKind, string>> = {
  key: 'api_key',
  user: 'user',
  member: 'team_member',
  team: 'team',
  organization_member: 'organization_member',
  organization: 'organization',
  end_user: 'end_user',
  tag: 'tag',
  proxy: 'proxy',
};

export function toDenialError(denial: Denial, context: DenialContext): GatewayError {
  switch (denial.kind) {
    case 'unknown_price':
      return new GatewayError(
        'budget_exceeded',
        `Budget has been exceeded! No price is known for model=${denial.model}, so its cost cannot be kept within the hard ` +
          `budget of this ${denial.owner.kind}. Max budget: ${toFloatText(denial.ceilingNanoUsd)}. Set input_cost_per_token and ` +
          'output_cost_per_token for the model (0 if it is free), or use budget_mode standard.',
      );
    case 'over_limit':
      return denial.shortage.charge.unit === 'nano_usd'
        ? overBudget(denial.shortage, context)
        : overRate(denial.shortage, context);
  }
}

function overBudget({ charge, used, held, resetAtMs }: Shortage, context: DenialContext): GatewayError {
  const { shown, alias, mask } = context.label(charge.owner);
  const names = [alias, mask].filter((name) => typeof name === 'string').join(', ');
  const spend = toFloatText(used);
  const ceiling = toFloatText(charge.ceiling);
  const left = Math.max(0, charge.ceiling - used - held);
  const needed =
    left > 0
      ? ` This call may cost up to ${toFloatText(charge.amount)} and needs at least ${toFloatText(charge.atLeast)}.`
      : '';
  const advice = left > 0 ? 'Lower max_tokens, shorten the prompt or ask' : 'Ask';
  const reset = resetAtMs === null ? 'It does not reset by itself' : `Resets at: ${toUtcText(resetAtMs)}`;
  return new GatewayError(
    'budget_exceeded',
    `${budgetHeadline(charge, shown, alias, spend, ceiling)}. Limit: ${charge.limit} of ${charge.owner.kind} ${shown}` +
      `${names === '' ? '' : ` (${names})`}. Spent: ${spend}, held by calls in flight: ${toFloatText(held)}, remaining: ${toFloatText(left)}.` +
      `${needed} ${reset}. ${advice} an administrator to raise the budget.`,
  );
}

/** LiteLLM's opening words per owner. "Budget has been exceeded", "Current cost:" and "Max budget:" are matched on. */
function budgetHeadline(
  { owner, model, limit, counter }: Charge,
  shown: string,
  alias: string | null,
  spend: string,
  ceiling: string,
): string {
  const amounts = `Current cost: ${spend}, Max budget: ${ceiling}`;
  const name = `${SUBJECTS[owner.kind]}${shown}`;
  if (model !== undefined) {
    const subject = owner.kind === 'key' ? `LiteLLM Virtual Key: ${shown}, key_alias: ${alias ?? 'None'},` : name;
    return `Budget has been exceeded! ${subject} exceeded budget for model=${model}. ${amounts}`;
  }
  // Of several windows, the one that is full is named by its length.
  const length = limit === 'budget_limits' ? windowLengthOf(counter) : null;
  switch (owner.kind) {
    case 'team':
    case 'member':
    case 'organization_member':
      return `Budget has been exceeded! ${name} ${length === null ? '' : `over ${length} budget. `}${amounts}`;
    case 'user':
    case 'end_user':
    case 'organization':
    case 'tag': {
      const over = length === null ? 'over budget' : `over ${length} budget`;
      return `Budget has been exceeded! ExceededBudget: ${name} ${over}. Spend=${spend}, Budget=${ceiling}. ${amounts}`;
    }
    case 'key':
    case 'proxy':
      return `Budget has been exceeded! ${length === null ? '' : `${name} over ${length} budget. `}${amounts}`;
  }
}

const SUBJECTS: Readonly<Record<OwnerKind, string>> = {
  key: 'Key=',
  user: 'User=',
  member: 'User=',
  team: 'Team=',
  organization_member: 'User=',
  organization: 'Organization=',
  end_user: 'End User=',
  tag: 'Tag=',
  proxy: 'Proxy=',
};

function overRate({ charge, used, held, resetAtMs: openUntilMs }: Shortage, context: DenialContext): GatewayError {
  // Where no window is open (a limit of 0, a call larger than the whole limit), the next one would be no wider.
  const resetAtMs = openUntilMs ?? (charge.unit === 'slots' ? null : context.nowMs + charge.windowMs);
  const { shown } = context.label(charge.owner);
  const scope = rateScope(charge);
  const part = charge.model ?? charge.tag;
  const subject = part === undefined ? shown : `${shown}:${part}`;
  const type = charge.unit === 'slots' ? 'max_parallel_requests' : charge.unit;
  const remaining = Math.max(0, charge.ceiling - used - held);
  const retryAfterMs = resetAtMs === null ? 1_000 : Math.max(1_000, resetAtMs - context.nowMs);
  const resetText = resetAtMs === null ? 'when a call in flight ends' : toUtcText(resetAtMs);
  const neverFits = charge.unit === 'tokens' && charge.amount > charge.ceiling;
  const state = charge.unit === 'slots' ? `In flight: ${held}` : `Used: ${used}, held by calls in flight: ${held}`;
  return new GatewayError(
    'rate_limited',
    `Rate limit exceeded for ${scope}: ${subject}. Limit type: ${type}. Current limit: ${charge.ceiling}, Remaining: ${remaining}. ` +
      `Limit resets at: ${resetText}. Limit name: ${charge.limit}. ${state}.` +
      (charge.unit === 'tokens' ? ` This call reserves ${charge.amount} tokens (input and max_tokens).` : '') +
      (neverFits ? ' That is more than the whole limit: lower max_tokens or shorten the prompt.' : ''),
    {
      retryAfterMs,
      headers: {
        rate_limit_type: type,
        reset_at: resetAtMs === null ? resetText : toUtcText(resetAtMs),
        [`x-ratelimit-${scope}-limit-${type}`]: String(charge.ceiling),
        [`x-ratelimit-${scope}-remaining-${type}`]: String(remaining),
      },
    },
  );
}

/** LiteLLM's word for whose requests or tokens a limit counts: the owner's, or those of one model or tag alone. */
export function rateScope({ owner, model, tag }: Charge): string {
  if (model !== undefined) return `model_per_${owner.kind}`;
  return tag === undefined ? RATE_SCOPE[owner.kind] : `tag_per_${owner.kind}`;
}

/** Dollars as Python prints a float (`1.0`, `2.5e-05`): what clients of LiteLLM parse. */
export function toFloatText(nanoUsd: number): string {
  const usd = toUsd(nanoUsd);
  if (usd === 0) return '0.0';
  if (Math.abs(usd) < 1e-4) return toExponentText(nanoUsd);
  return Number.isInteger(usd) ? `${usd}.0` : String(usd);
}

/** Less than a hundredth of a cent has five digits at most, and they need only be put in their places. */
function toExponentText(nanoUsd: number): string {
  const digits = String(Math.abs(nanoUsd));
  const significant = digits.replace(/0+$/, '');
  const fraction = significant.length > 1 ? `.${significant.slice(1)}` : '';
  return `${nanoUsd < 0 ? '-' : ''}${significant[0]}${fraction}e-0${NANO_DIGITS - digits.length + 1}`;
}

/** A nano-dollar is the ninth digit after the point. */
const NANO_DIGITS = 9;

/** `2026-04-01 10:00:00 UTC`, rounded up to the second so that nobody retries too early. */
function toUtcText(atMs: number): string {
  const iso = new Date(Math.ceil(atMs / 1_000) * 1_000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}
