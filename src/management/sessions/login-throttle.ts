import { GatewayError } from '../../core/gateway-error.ts';
import { createAttemptLimit, sourceName } from './attempt-limits.ts';

/** Slows down whoever guesses passwords: by the account that is guessed at, and by the address that guesses. */
export interface LoginThrottle {
  /** Counts an attempt from this address. Throws rate_limited. */
  fromSource(ip: string): void;
  /** Counts an attempt on this account, before the password is looked at. Throws rate_limited. */
  onAccount(account: string): void;
  /** The password was right: nothing of it counts. */
  succeeded(account: string, ip: string): void;
  /** Forgets the attempts on an account. */
  clear(account: string): void;
}

const WINDOW_MS = 15 * 60_000;
const PER_ACCOUNT = 10;
const PER_SOURCE = 50;

export function createLoginThrottle(nowMs: () => number): LoginThrottle {
  const accounts = createAttemptLimit({ attempts: PER_ACCOUNT, windowMs: WINDOW_MS, nowMs });
  const sources = createAttemptLimit({ attempts: PER_SOURCE, windowMs: WINDOW_MS, nowMs });
  return {
    fromSource(ip) {
      const waitMs = sources.take(sourceName(ip));
      if (waitMs !== null) throw tooMany('from this address', PER_SOURCE, waitMs);
    },
    onAccount(account) {
      const waitMs = accounts.take(account);
      if (waitMs !== null) throw tooMany('for this account', PER_ACCOUNT, waitMs);
    },
    clear: accounts.clear,
    succeeded(account, ip) {
      accounts.clear(account);
      sources.giveBack(sourceName(ip));
    },
  };
}

function tooMany(where: string, limit: number, waitMs: number): GatewayError {
  const minutes = Math.ceil(waitMs / 60_000);
  return new GatewayError(
    'rate_limited',
    `Too many failed sign-ins ${where}: ${limit} in ${WINDOW_MS / 60_000} minutes. ` +
      `None is left; try again in ${minutes} minute${minutes === 1 ? '' : 's'}.`,
    { retryAfterMs: waitMs },
  );
}
