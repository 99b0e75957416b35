import { guessProviders } from '../core/guess-providers.ts';
import type { ModelPrice } from '../core/model.ts';
import type { PriceLibrary } from '../providers/price-library.ts';

/**
 * The public list price of a model that the configuration does not know, by `provider/model` or by a bare name that says
 * who makes it. Null when nobody is known to sell it under that name.
 */
export function findListPrice(library: PriceLibrary, model: string, nowMs: number): ModelPrice | null {
  const slash = model.indexOf('/');
  const sellers = slash > 0 ? [model.slice(0, slash)] : guessProviders(model);
  const name = slash > 0 ? model.slice(slash + 1) : model;
  for (const provider of sellers) {
    const { price } = library.findModelPrice(provider, name, nowMs);
    if (price !== null) return price;
  }
  return null;
}
