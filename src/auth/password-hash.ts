/**
 * Passwords of users as argon2id. Hashing runs on the thread pool, a few at a time: each takes 19 MiB and tens of
 * milliseconds, and the pool also serves files and the database.
 */
import type { Algorithm } from '@node-rs/argon2';
import { GatewayError } from '../core/gateway-error.ts';

export interface PasswordHasher {
  /** In PHC form, with a salt of its own. */
  hash(password: string): Promise<string>;
  /** As long for somebody without a password (`stored` undefined: never true) as for anybody. */
  verify(stored: string | undefined, password: string): Promise<boolean>;
}

/** Megabytes, for whoever signs in by a password. */
const loadArgon2 = () => import('@node-rs/argon2');

/** OWASP's choice for argon2id. The enumeration is erased from the library's own types; 2 is argon2id. */
const OPTIONS = { algorithm: 2 as Algorithm, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const MAX_RUNNING = 2;
const MAX_WAITING = 32;

/** Throws (rejects with) `rate_limited` when more is asked for at once than can be done in reasonable time. */
export function createPasswordHasher(): PasswordHasher {
  const waiting: (() => void)[] = [];
  let running = 0;
  let nobodys: Promise<string> | undefined;

  async function takeTurn<T>(run: () => Promise<T>): Promise<T> {
    if (running >= MAX_RUNNING) {
      if (waiting.length >= MAX_WAITING) {
        throw new GatewayError('rate_limited', 'Too many sign-ins at this moment. Try again in a moment.', {
          retryAfterMs: 1_000,
        });
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  return {
    hash: (password) => takeTurn(async () => (await loadArgon2()).hash(password, OPTIONS)),
    async verify(stored, password) {
      const { hash, verify } = await loadArgon2();
      nobodys ??= hash('the password of nobody', OPTIONS);
      const known = stored ?? (await nobodys);
      const matches = await takeTurn(() => verify(known, password));
      return matches && stored !== undefined;
    },
  };
}
