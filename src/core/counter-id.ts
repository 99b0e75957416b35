import { type OwnerRef, ownerName } from './owner.ts';

/**
 * Names of counters. Budget counters carry their window in the name, so a new window is a new counter and nothing is
 * ever reset: `key:key_1/spend` (lifetime), `key:key_1/spend:1d@1732320000000`, `key:key_1/spend[gpt-4]:1d@…`.
 * Rate counters roll over by themselves: `key:key_1/requests`, `key:key_1/tokens[gpt-4]`, `key:key_1/slots`. What has a
 * counter for each tag is a meter of its own, since a tag may be called like a model: `key:key_1/tag_requests[ci]`.
 */
export type Meter = 'spend' | 'requests' | 'tag_requests' | 'tokens' | 'slots';

export interface BudgetWindowRef {
  duration: string;
  startMs: number;
}

/** `scope`: the model or the tag whose calls alone are counted. */
export function counterId(owner: OwnerRef, meter: Meter, scope?: string, window?: BudgetWindowRef): string {
  const within = scope === undefined ? '' : `[${scope}]`;
  const at = window === undefined ? '' : `:${window.duration}@${window.startMs}`;
  return `${ownerName(owner)}/${meter}${within}${at}`;
}

/** The length of the budget window that a counter counts in, as it was written (`1d`). Null: it counts for life. */
export function windowLengthOf(counter: string): string | null {
  return WINDOW.exec(counter)?.[1] ?? null;
}

const WINDOW = /:([0-9]+[a-z]+)@-?[0-9]+$/;
