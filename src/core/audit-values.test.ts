import { describe, expect, test } from 'vitest';
import { describeChange, maskSecretsInText } from './audit-values.ts';

const RECORD = {
  id: 'u1',
  alias: 'Ann',
  maxBudgetNanoUsd: 1_500_000_000,
  budgetDuration: null,
  modelMaxBudget: { 'gpt-4': { maxBudgetNanoUsd: 2_000_000_000, budgetDuration: '1d' } },
  budgetLimits: [{ maxBudgetNanoUsd: 0, budgetDuration: '1h' }],
  modelAliases: { 'the-key': 'gpt-4' },
  metadata: {},
  extra: { project_id: 'p' },
  createdAtMs: Date.UTC(2026, 0, 1),
  updatedAtMs: 1,
  updatedBy: 'x',
};

describe('what an audit row says of a change', () => {
  test('a change names just the fields that differ, by wire name, in dollars and ISO times', () => {
    const after = {
      ...RECORD,
      maxBudgetNanoUsd: null,
      modelMaxBudget: {},
      extra: { project_id: 'q' },
      expiresAtMs: Date.UTC(2026, 1, 1),
      updatedAtMs: 2,
      updatedBy: 'y',
    };
    expect(describeChange(RECORD, after, { expiresAtMs: 'expires' })).toEqual({
      before: {
        project_id: 'p',
        max_budget: 1.5,
        model_max_budget: { 'gpt-4': { max_budget: 2, budget_duration: '1d' } },
        expires: null,
      },
      after: { project_id: 'q', max_budget: null, model_max_budget: {}, expires: '2026-02-01T00:00:00.000Z' },
    });
  });

  test('creation and deletion keep the whole record', () => {
    const whole = {
      user_id: 'u1',
      user_alias: 'Ann',
      max_budget: 1.5,
      budget_duration: null,
      model_max_budget: { 'gpt-4': { max_budget: 2, budget_duration: '1d' } },
      budget_limits: [{ max_budget: 0, budget_duration: '1h' }],
      model_aliases: { 'the-key': 'gpt-4' },
      metadata: {},
      project_id: 'p',
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '1970-01-01T00:00:00.001Z',
      updated_by: 'x',
    };
    const names = { id: 'user_id', alias: 'user_alias' };
    expect(describeChange(null, RECORD, names)).toEqual({ before: null, after: whole });
    expect(describeChange(RECORD, null, names)).toEqual({ before: whole, after: null });
  });

  test('a changed credential is seen to have changed, and is not seen', () => {
    const change = describeChange(
      { metadata: { logging: [{ callback_vars: { langfuse_secret: 'canary-one-canary' } }] }, password: 'canary' },
      { metadata: { logging: [{ callback_vars: { langfuse_secret: 'canary-two-canary' } }] }, password: 'canary2' },
    );
    expect(Object.keys(change.after ?? {})).toEqual(['metadata', 'password']);
    expect(JSON.stringify(change)).not.toContain('canary-');
    expect(JSON.stringify(change)).not.toContain('canary2');
  });

  test.each([
    ['in free JSON under any credential’s name', { metadata: { deep: [{ api_key: 'canary' }] } }],
    ['as a field of its own', { extra: { aws_secret: 'canary' } }],
    ['in the middle of a sentence', { alias: 'my key is sk-canary0123456789' }],
    ['in a list', { models: ['sk-canary0123456789'] }],
  ])('no secret is in it %s', (_where, record) => {
    expect(JSON.stringify(describeChange(null, record))).not.toContain('canary');
  });

  test('what refers to a variable stays readable, and so do masks and short words', () => {
    const record = { metadata: { api_key: 'os.environ/NAME' }, mask: 'sk-...abcd', alias: 'sk-short' };
    expect(describeChange(null, record).after).toEqual(record);
  });
});

test('secrets in text are cut down to what can be recognised', () => {
  expect(maskSecretsInText('no key sk-0123456789abcdef, sorry')).toBe('no key sk-...cdef, sorry');
});
