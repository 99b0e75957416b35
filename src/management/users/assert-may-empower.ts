import { NO_STANDING } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { assertWithinCeiling } from '../../core/key-ceiling.ts';
import { refuseOutside } from '../../core/key-owners.ts';
import { buildCeiling, type CeilingDeps } from '../keys/build-ceiling.ts';
import { buildBlankKey } from '../keys/merge-key-fields.ts';

/**
 * Whoever signs in is bound by no key, and an administrator makes keys that nothing bounds. So a password for somebody else,
 * and that role, are given by a key only that could make a key without any limit for that user; otherwise it would be
 * within its bounds by one request, and beyond them by two. `param`: the field that asks for it. Throws forbidden.
 */
export function assertMayEmpower(
  deps: CeilingDeps,
  caller: Caller,
  userId: string,
  param: 'password' | 'user_role',
): void {
  if (caller.key === null || caller.path.user?.id === userId) return;
  const bound = findBound(deps, caller, userId);
  if (bound === undefined) return;
  const message =
    `${param}: your key is bound itself (${bound.param ?? 'limits'}), and ` +
    `${param === 'password' ? 'whoever signs in' : 'an administrator of the proxy'} is not. ` +
    'Use the master key, a session, or a key without limits of its own.';
  throw new GatewayError('forbidden', message, { param });
}

/** What keeps the calling key from making one that nothing bounds; undefined: nothing does. */
function findBound(deps: CeilingDeps, caller: Caller, userId: string): GatewayError | undefined {
  const key = { ...buildBlankKey({ keyId: '', hash: '', mask: null, createdBy: userId, nowMs: deps.nowMs() }), userId };
  const ceiling = buildCeiling(deps, caller, { capacity: 'admin', before: null, userId, standing: NO_STANDING });
  try {
    assertWithinCeiling({ key, budget: null, team: null }, ceiling);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  return refuseOutside(caller, key, NO_STANDING);
}
