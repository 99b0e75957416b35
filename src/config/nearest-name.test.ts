import { expect, test } from 'vitest';
import { nearestName } from './nearest-name.ts';

const names = ['max_budget', 'budget_duration', 'rpm', 'tpm', 'timeout', 'model_list'];

test.each([
  ['max_bugdet', 'max_budget'],
  ['maxbudget', 'max_budget'],
  ['MAX_BUDGET', 'max_budget'],
  ['timeuot', 'timeout'],
  ['rmp', 'rpm'],
  ['model-list', 'model_list'],
  ['budget_durations', 'budget_duration'],
  ['xyz', undefined],
  ['something_else', undefined],
  ['', undefined],
])('%s probably means %s', (name, expected) => {
  expect(nearestName(name, names)).toBe(expected);
});
