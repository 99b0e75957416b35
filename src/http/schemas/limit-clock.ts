import { toIsoTime } from './iso-time.ts';
import type { LimitClock } from './limit-fields.ts';

/** When windows end, for replies. */
export function toLimitClock(deps: { windowEndMs(duration: string): number }): LimitClock {
  return { resetAt: (duration) => toIsoTime(deps.windowEndMs(duration)) };
}
