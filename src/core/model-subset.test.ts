import { expect, test } from 'vitest';
import { findModelBeyond } from './model-subset.ts';

const groupsOf = (model: string): string[] => (model === 'gpt-4' ? ['beta'] : []);
const beyond = (models: string[], ceiling: string[]) => findModelBeyond(models, ceiling, groupsOf);

test.each<[string[], string[]]>([
  [['a'], []],
  [[], ['*']],
  [['*'], ['all-proxy-models']],
  [
    ['a', 'b'],
    ['b', 'a', 'c'],
  ],
  [['openai/gpt-4'], ['openai/*']],
  [['openai/gpt-*'], ['openai/*']],
  [['gpt-4'], ['beta']],
  [['beta'], ['beta']],
  [['no-default-models'], ['a']],
  [['*', 'no-default-models'], ['no-default-models']],
])('%j opens no more than %j', (models, ceiling) => {
  expect(beyond(models, ceiling)).toBeNull();
});

test.each<[string[], string[], string]>([
  [[], ['a'], 'all-proxy-models'],
  [['a', 'b'], ['a'], 'b'],
  [['*'], ['a'], '*'],
  [['openai/*'], ['openai/gpt-*'], 'openai/*'],
  [['beta'], ['gpt-4'], 'beta'],
  [[], ['*', 'no-default-models'], 'all-proxy-models'],
  [['a'], ['a', 'no-default-models'], 'a'],
])('%j opens more than %j: %s', (models, ceiling, entry) => {
  expect(beyond(models, ceiling)).toBe(entry);
});
