import { addDuration, HOUR_MS } from '../../core/duration.ts';
import type { KeyRecord } from '../../core/key.ts';
import { getDuration } from './get-duration.ts';

type Schedule = Pick<KeyRecord, 'keyRotationAtMs' | 'rotationClaimUntilMs' | 'rotationOverdue'>;

/** No rotation is due, ever, and none waits to be claimed. */
export const UNSCHEDULED: Schedule = { keyRotationAtMs: null, rotationClaimUntilMs: null, rotationOverdue: false };

/** A rotation on a timer always has an overlap: whoever holds the secret hears of it no earlier. */
const DEFAULT_CLAIM_MS = 24 * HOUR_MS;

/** The interval starts again at this moment. Throws `bad_request` for an interval that is no duration. */
export function scheduleRotation(
  { autoRotate, rotationInterval }: Pick<KeyRecord, 'autoRotate' | 'rotationInterval'>,
  nowMs: number,
): Schedule {
  if (!autoRotate || rotationInterval === null) return UNSCHEDULED;
  return { ...UNSCHEDULED, keyRotationAtMs: addDuration(nowMs, getDuration(rotationInterval, 'rotation_interval')) };
}

/** How long the old secret of a rotation by hand goes on working, in ms. Throws `bad_request`. */
export function computeGraceMs(gracePeriod: string | null, nowMs: number): number {
  if (gracePeriod === null || /^0+(s|m|h|d|w|mo)?$/.test(gracePeriod)) return 0;
  return addDuration(nowMs, getDuration(gracePeriod, 'grace_period')) - nowMs;
}

/** The same for a rotation on a timer, and how long it waits for its claim: never 0. */
export function computeClaimMs(gracePeriod: string | null, nowMs: number): number {
  const graceMs = computeGraceMs(gracePeriod, nowMs);
  return graceMs === 0 ? DEFAULT_CLAIM_MS : graceMs;
}
