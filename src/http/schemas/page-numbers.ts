import { z } from 'zod';

/** A page, or its size, as it stands in an address: a whole number of at least 1. A bound that is passed is named. */
export const PageNumber = z.coerce
  .number({ error: ({ code }) => (code === 'invalid_type' ? 'Input should be a valid integer' : undefined) })
  .int({ error: 'Input should be a valid integer' })
  .min(1, { error: 'Input should be greater than or equal to 1' });

/** At most so many. */
export function pageNumberTo(most: number) {
  return PageNumber.max(most, { error: `Input should be less than or equal to ${most}` });
}
