import { type Duration, parseDuration } from '../../core/duration.ts';
import { GatewayError } from '../../core/gateway-error.ts';

const KNOWN_UNIT = /^\s*-?[0-9.]+\s*(s|m|h|d|w|mo)\s*$/;

/** Reads the duration in a field. Throws `bad_request` (400) with the field in `param` for anything else. */
export function getDuration(text: string, param: string): Duration {
  const duration = parseDuration(text);
  if (duration !== undefined) return duration;
  const fault = KNOWN_UNIT.test(text) ? 'value' : 'unit';
  throw new GatewayError(
    'bad_request',
    `${param === 'budget_duration' ? 'Invalid budget_duration. ' : ''}Unsupported duration ${fault} in ${param}: ` +
      `${JSON.stringify(text.slice(0, 40))}. ` +
      'Write a positive whole number and s, m, h, d, w or mo, as in 30d.',
    { param },
  );
}
