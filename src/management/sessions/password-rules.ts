import { GatewayError } from '../../core/gateway-error.ts';

const MIN_PASSWORD_LENGTH = 12;
/** Longer than anybody's, and short enough to be hashed in reasonable time. */
export const MAX_PASSWORD_LENGTH = 256;

/** Throws bad_request for a password that could be guessed or not be kept. The message does not repeat it. */
export function assertPassword(password: string): void {
  const length = [...password].length;
  if (length >= MIN_PASSWORD_LENGTH && length <= MAX_PASSWORD_LENGTH) return;
  const message = `password must have ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters; it has ${length}.`;
  throw new GatewayError('bad_request', message, { param: 'password' });
}
