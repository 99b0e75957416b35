/** Reports of secrets that were found where they should not be. */
import { z } from 'zod';
import type { LeakReport } from '../../management/keys/report-leaks.ts';

const MAX_TOKENS = 100;
const Secret = z.string().min(1).max(1_024);

const Found = z.looseObject({
  token: Secret,
  type: z.string().nullish(),
  url: z.string().nullish().describe('Where it was found. Kept without its query.'),
  source: z.string().nullish().describe('What kind of place that is.'),
});

export const LeakedBody = z.union([
  z.looseObject({ key: Secret.describe('The secret that was found.') }),
  z.array(Found).min(1).max(MAX_TOKENS),
]);
export const LeakedReply = z.object({
  status: z.literal('received').describe('The same for a secret that opens a key and for one that does not.'),
});

export function toLeakReports(body: z.output<typeof LeakedBody>): LeakReport[] {
  if (!Array.isArray(body)) return [{ secret: body.key.trim(), url: null, source: null }];
  return body.map(({ token, url, source }) => ({ secret: token.trim(), url: url ?? null, source: source ?? null }));
}
