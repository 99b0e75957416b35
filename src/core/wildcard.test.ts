import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWildcard, matchWildcard } from './wildcard.ts';

describe('matchWildcard', () => {
  test.each<[string, string, string | null]>([
    ['*', 'gpt-4o', 'gpt-4o'],
    ['*', '', ''],
    ['openai/*', 'openai/gpt-4o', 'gpt-4o'],
    ['openai/*', 'openai/', ''],
    ['openai/*', 'openai', null],
    ['openai/*', 'azure/openai/gpt', null],
    ['bedrock/anthropic.*', 'bedrock/anthropic.claude-3', 'claude-3'],
    ['bedrock/anthropic.*', 'bedrock/anthropicXclaude-3', null],
    ['bedrock/anthropic.*', 'bedrock/amazon.titan', null],
    ['*-mini', 'gpt-4o-mini', 'gpt-4o'],
    ['*-mini', '-mini', ''],
    ['*-mini', 'mini', null],
    ['gpt-*-mini', 'gpt-mini', null],
    ['gpt-*-mini', 'gpt--mini', ''],
    ['ab*ba', 'aba', null],
    ['*/gpt-*', 'openai/gpt-4o', 'openai'],
    ['*/gpt-*', 'openai/o3', null],
    ['a*b*c', 'abc', ''],
    ['a*b*c', 'acb', null],
    ['a*bb*bc', 'abbc', null],
    ['gpt-4', 'gpt-4', ''],
    ['gpt-4', 'gpt-4o', null],
    ['$&*', '$&x', 'x'],
  ])('%s on %s gives %j', (pattern, text, match) => {
    expect(matchWildcard(pattern, text)).toBe(match);
  });

  test('agrees with the same pattern as a regular expression', () => {
    const letters = (max: number) => fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: max });
    fc.assert(
      fc.property(letters(7), letters(9), (pattern, text) => {
        const source = pattern
          .split('*')
          .map((part) => part.replaceAll('.', '\\.'))
          .join('.*');
        expect(matchWildcard(pattern, text) !== null).toBe(new RegExp(`^${source}$`).test(text));
      }),
      { numRuns: 500 },
    );
  });
});

test('isWildcard looks for a star', () => {
  expect(isWildcard('openai/*')).toBe(true);
  expect(isWildcard('openai/gpt')).toBe(false);
});
