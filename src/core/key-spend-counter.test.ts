import { expect, test } from 'vitest';
import { planAdmission } from './admission.ts';
import { createBudgetCalendar } from './budget-window.ts';
import type { KeyRecord } from './key.ts';
import { keySpendCounter } from './key-spend-counter.ts';
import { compileLimits } from './owner-limits.ts';
import { keyPolicy } from './owner-policy.ts';
import { estimateTokens } from './token-estimate.ts';

const calendar = createBudgetCalendar({ timeZone: 'Europe/Berlin' });
const NOW_MS = Date.UTC(2026, 3, 1, 12);

test.each([null, '1d', '1mo', '90s'])('with a window of %s, it is the counter that admission charges', (duration) => {
  const key = {
    keyId: 'key_1',
    metadata: {},
    extra: {},
    maxBudgetNanoUsd: 5,
    budgetDuration: duration,
    modelMaxBudget: { 'gpt-4': { maxBudgetNanoUsd: 5, budgetDuration: duration } },
  } as unknown as KeyRecord;
  const facts = {
    owners: [compileLimits(keyPolicy(key, null))],
    model: 'gpt-4',
    otherNames: [],
    tags: [],
    estimate: estimateTokens('chat', { messages: [] }, 10, 0),
    price: null,
    maxOutputTokens: null,
  };
  const settings = {
    budgetMode: 'standard',
    rateWindowMs: 60_000,
    tokenRateType: 'total',
    typicalOutputTokens: 1,
    hardDefaultMaxTokens: 1,
  } as const;
  const plan = planAdmission(facts, settings, calendar, NOW_MS);
  const charged = 'charges' in plan ? plan.charges.filter(({ unit }) => unit === 'nano_usd') : [];
  expect(charged.map(({ counter }) => counter)).toEqual([
    keySpendCounter(calendar, key, NOW_MS),
    keySpendCounter(calendar, key, NOW_MS, 'gpt-4'),
  ]);
});
