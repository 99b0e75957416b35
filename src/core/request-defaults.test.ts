import { describe, expect, test } from 'vitest';
import type { Operation } from './operation.ts';
import { selectDefaults } from './request-defaults.ts';

describe('selectDefaults', () => {
  test.each<[string, Operation, Record<string, unknown>, Record<string, unknown>, Record<string, unknown>]>([
    ['fills a gap', 'chat', {}, { temperature: 0, stop: ['x'] }, { temperature: 0, stop: ['x'] }],
    ['leaves what the client said', 'chat', { temperature: 1 }, { temperature: 0, top_p: 0.5 }, { top_p: 0.5 }],
    ['takes null for a decision', 'chat', { seed: null }, { seed: 7 }, {}],
    ['sees one limit in its two names', 'chat', { max_completion_tokens: 5 }, { max_tokens: 9 }, {}],
    ['sees it the other way round', 'chat', { max_tokens: 5 }, { max_completion_tokens: 9 }, {}],
    [
      'knows what embeddings take',
      'embedding',
      {},
      { temperature: 0, dimensions: 8, user: 'u' },
      { dimensions: 8, user: 'u' },
    ],
    ['knows what completions take', 'completion', {}, { tools: [], dimensions: 8, suffix: '.' }, { suffix: '.' }],
    ['lets a name of its own through', 'embedding', {}, { guided_choice: ['a'] }, { guided_choice: ['a'] }],
    ['is not fooled by inherited names', 'chat', {}, { constructor: 1, toString: 2 }, { constructor: 1, toString: 2 }],
  ])('%s', (_name, operation, body, defaults, expected) => {
    expect(selectDefaults(operation, body, defaults)).toEqual(expected);
  });
});
