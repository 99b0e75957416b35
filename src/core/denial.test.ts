import { describe, expect, test } from 'vitest';
import type { Charge } from './charge.ts';
import { type Denial, toDenialError, toFloatText } from './denial.ts';

const NOW = Date.parse('2026-04-01T09:59:00Z');
const context = { nowMs: NOW, label: () => ({ shown: 'abc123', alias: 'ci' }) };

function charge(over: Partial<Charge>): Charge {
  return {
    owner: { kind: 'key', id: 'key_1' },
    limit: 'max_budget',
    counter: 'c',
    unit: 'nano_usd',
    amount: 100,
    atLeast: 1,
    ceiling: 1_000,
    windowMs: 0,
    resetAtMs: null,
    ...over,
  };
}

function refuse(over: Partial<Charge>, state: { used: number; held: number; resetAtMs: number | null }) {
  return toDenialError({ kind: 'over_limit', shortage: { charge: charge(over), ...state } }, context);
}

describe('a budget refusal', () => {
  test('carries LiteLLM’s phrases, whose limit it was, and what is spent, held and left', () => {
    const error = refuse({}, { used: 900, held: 100, resetAtMs: Date.parse('2026-04-02T00:00:00Z') });
    expect([error.status, error.type, error.param]).toEqual([400, 'budget_exceeded', null]);
    expect(error.message).toContain('Budget has been exceeded! Current cost: 9e-07, Max budget: 1e-06');
    expect(error.message).toContain('Limit: max_budget of key abc123 (ci)');
    expect(error.message).toContain('Spent: 9e-07, held by calls in flight: 1e-07, remaining: 0.0');
    expect(error.message).toContain('Resets at: 2026-04-02 00:00:00 UTC');
  });

  test('of a key names it as its holder knows it, too', () => {
    const label = () => ({ shown: 'abc123', alias: 'ci', mask: 'sk-...wxyz' });
    const shortage = { charge: charge({}), used: 1_000, held: 0, resetAtMs: null };
    const { message } = toDenialError({ kind: 'over_limit', shortage }, { ...context, label });
    expect(message).toContain('Limit: max_budget of key abc123 (ci, sk-...wxyz). Spent:');
  });

  test('says what the call would need when something is left', () => {
    const error = refuse({ atLeast: 50 }, { used: 990, held: 0, resetAtMs: null });
    expect(error.message).toContain('needs at least 5e-08');
    expect(error.message).toContain('Lower max_tokens');
    expect(error.message).toContain('does not reset by itself');
  });

  test.each<[Partial<Charge>, string]>([
    [{ owner: { kind: 'team', id: 't' } }, 'Budget has been exceeded! Team=abc123 Current cost:'],
    [{ owner: { kind: 'user', id: 'u' } }, 'ExceededBudget: User=abc123 over budget. Spend='],
    [{ owner: { kind: 'end_user', id: 'e' } }, 'ExceededBudget: End User=abc123 over budget.'],
    [{ owner: { kind: 'member', id: 't/u' } }, 'Budget has been exceeded! User=abc123 Current cost:'],
    [{ owner: { kind: 'organization', id: 'o' } }, 'ExceededBudget: Organization=abc123 over budget.'],
    [{ owner: { kind: 'tag', id: 't' } }, 'ExceededBudget: Tag=abc123 over budget.'],
    [
      { owner: { kind: 'team', id: 't' }, limit: 'model_max_budget', model: 'gpt-4' },
      'Budget has been exceeded! Team=abc123 exceeded budget for model=gpt-4. Current cost:',
    ],
    [
      { limit: 'model_max_budget', model: 'gpt-4' },
      'LiteLLM Virtual Key: abc123, key_alias: ci, exceeded budget for model=gpt-4',
    ],
  ])('of %j is worded as LiteLLM does', (over, text) => {
    expect(refuse(over, { used: 1_000, held: 0, resetAtMs: null }).message).toContain(text);
  });

  test.each<[Partial<Charge>, string]>([
    [{ owner: { kind: 'key', id: 'k' } }, 'Budget has been exceeded! Key=abc123 over 1d budget. Current cost:'],
    [{ owner: { kind: 'team', id: 't' } }, 'Budget has been exceeded! Team=abc123 over 1d budget. Current cost:'],
    [{ owner: { kind: 'user', id: 'u' } }, 'ExceededBudget: User=abc123 over 1d budget. Spend='],
  ])('of one of several windows, of %j, names the window that is full', (over, text) => {
    const window = { limit: 'budget_limits', counter: `x:1/spend:1d@${NOW}` } as const;
    expect(refuse({ ...window, ...over }, { used: 1_000, held: 0, resetAtMs: null }).message).toContain(text);
  });

  test('for want of a price says what to configure', () => {
    const denial: Denial = {
      kind: 'unknown_price',
      owner: { kind: 'key', id: 'key_1' },
      limit: 'max_budget',
      model: 'm',
      ceilingNanoUsd: 5,
      counter: 'c',
    };
    expect(toDenialError(denial, context)).toMatchObject({
      code: 'budget_exceeded',
      message: expect.stringContaining('input_cost_per_token'),
    });
  });
});

describe('a rate refusal', () => {
  test('carries LiteLLM’s text, limit, remaining, reset and when to retry', () => {
    const error = refuse(
      { limit: 'rpm_limit', unit: 'requests', ceiling: 3 },
      { used: 3, held: 0, resetAtMs: NOW + 60_000 },
    );
    expect([error.status, error.retryAfterMs]).toEqual([429, 60_000]);
    expect(error.message).toContain(
      'Rate limit exceeded for api_key: abc123. Limit type: requests. Current limit: 3, Remaining: 0. Limit resets at: 2026-04-01 10:00:00 UTC',
    );
    expect(error.headers).toMatchObject({ rate_limit_type: 'requests', 'x-ratelimit-api_key-remaining-requests': '0' });
  });

  test('of calls with one tag names key, tag and limit', () => {
    const over = { limit: 'tag_rpm_limit', tag: 'ci', unit: 'requests', ceiling: 1 } as const;
    const { message, headers } = refuse(over, { used: 1, held: 0, resetAtMs: NOW + 60_000 });
    expect(message).toContain('Rate limit exceeded for tag_per_key: abc123:ci. Limit type: requests.');
    expect(message).toContain('Limit name: tag_rpm_limit.');
    expect(headers).toMatchObject({ 'x-ratelimit-tag_per_key-remaining-requests': '0' });
  });

  test('of tokens says what the call reserves, and when it can never fit', () => {
    const error = refuse(
      { limit: 'tpm_limit', unit: 'tokens', ceiling: 100, amount: 200, windowMs: 60_000 },
      { used: 0, held: 0, resetAtMs: null },
    );
    expect(error.message).toContain('Limit type: tokens');
    expect(error.message).toContain('reserves 200 tokens');
    expect(error.message).toContain('more than the whole limit');
    expect(error.message).toContain('Limit resets at: 2026-04-01 10:00:00 UTC');
    expect(error.retryAfterMs).toBe(60_000);
  });

  test('of parallel requests ends with a call in flight', () => {
    const error = refuse(
      { limit: 'max_parallel_requests', unit: 'slots', ceiling: 5 },
      { used: 0, held: 5, resetAtMs: null },
    );
    expect(error.message).toContain(
      'Limit type: max_parallel_requests. Current limit: 5, Remaining: 0. Limit resets at: when a call in flight ends',
    );
    expect(error.retryAfterMs).toBe(1_000);
  });
});

test.each([
  [0, '0.0'],
  [1_000_000_000, '1.0'],
  [1_500_000_000, '1.5'],
  [25_000, '2.5e-05'],
  [1_000, '1e-06'],
  [100_000, '0.0001'],
])('%d nano-dollars are printed %s, as Python does', (nanoUsd, text) => {
  expect(toFloatText(nanoUsd)).toBe(text);
});

test('no amount below a hundredth of a cent is printed as another number, nor with digits to spare', () => {
  for (let nanoUsd = 1; nanoUsd < 100_000; nanoUsd += 1) {
    const shortest = (nanoUsd / 1e9).toExponential().replace('e-', 'e-0');
    if (toFloatText(nanoUsd) !== shortest || toFloatText(-nanoUsd) !== `-${shortest}`)
      expect(toFloatText(nanoUsd)).toBe(shortest);
  }
});
