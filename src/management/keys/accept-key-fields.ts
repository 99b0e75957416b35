import { isNoTime } from '../../core/duration.ts';
import { applyKeyDefaults, applyUpperBounds, assertWithinUpperBounds } from '../../core/key-limits.ts';
import { assertKeyFields } from './assert-key-fields.ts';
import type { KeyFields } from './key-fields.ts';
import type { KeyManagement } from './key-management.ts';

type Deps = Pick<KeyManagement, 'isKnownModel' | 'settings'>;

/** The fields of a new key: checked, then the installation's defaults and upper bounds. Throws bad_request, management_refused. */
export function acceptNewKeyFields({ isKnownModel, settings }: Deps, fields: KeyFields, nowMs: number): KeyFields {
  assertKeyFields(fields, isKnownModel);
  return applyUpperBounds(applyKeyDefaults(fields, settings.defaults), settings.upperBounds, nowMs);
}

/**
 * Changes to a key: checked, and within the upper bounds. A duration of nothing ends the key now, which no bound forbids;
 * a new key with it would be of no use. Throws bad_request, management_refused.
 */
export function acceptKeyChanges({ isKnownModel, settings }: Deps, fields: KeyFields, nowMs: number): KeyFields {
  const { duration, ...others } = fields;
  const checked = isNoTime(duration) ? others : fields;
  assertKeyFields(checked, isKnownModel);
  assertWithinUpperBounds(checked, settings.upperBounds, nowMs);
  return fields;
}
