import { GatewayError } from './gateway-error.ts';

/** Deeper nesting serves nobody and would overflow the stack of whatever walks it. */
const MAX_DEPTH = 64;
/** Free-form fields are read with the key on every call: they stay small. */
const MAX_JSON_CHARS = 256 * 1024;
/** For a request as a whole. */
export const MAX_BODY_CHARS = 1024 * 1024;

/** Refuses (400, naming the field) JSON that is too deep or too large to be kept. Walks without recursion. */
export function assertJsonLimits(value: unknown, param: string, maxChars = MAX_JSON_CHARS): void {
  assertJsonDepth(value, param);
  const size = JSON.stringify(value)?.length ?? 0;
  if (size > maxChars) {
    throw new GatewayError('bad_request', `${param} is larger than ${maxChars} characters.`, { param });
  }
}

/** The same for JSON that is only looked through: how large it is does not matter. */
export function assertJsonDepth(value: unknown, param: string, maxDepth = MAX_DEPTH): void {
  if (typeof value !== 'object' || value === null) return;
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) {
      throw new GatewayError('bad_request', `${param} is nested deeper than ${maxDepth} levels.`, { param });
    }
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null ? Object.values(item).filter((inner) => typeof inner === 'object') : [],
    );
  }
}
