import { expect, test } from 'vitest';
import { loadPriceLibrary } from '../providers/price-library.ts';
import { findListPrice } from './find-list-price.ts';

const NOW_MS = Date.UTC(2026, 3, 1);
const library = await loadPriceLibrary();

test.each([
  ['gpt-4o', 2_500_000],
  ['openai/gpt-4o', 2_500_000],
  ['anthropic/claude-3-haiku-20240307', 250_000],
  ['claude-3-haiku-20240307', 250_000],
])('%s has its list price', (model, inputPicoUsd) => {
  expect(findListPrice(library, model, NOW_MS)?.tiers[0]).toMatchObject({ inputPicoUsd });
});

test.each(['no-such-model', 'gpt-nobody-has-heard-of', 'nobody/gpt-4o', '/gpt-4o', 'openai/', ''])(
  '"%s" has none',
  (model) => {
    expect(findListPrice(library, model, NOW_MS)).toBeNull();
  },
);
