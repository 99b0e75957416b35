import type { ChangeEvent } from '../core/change-event.ts';
import type { Hold } from '../core/charge.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { Roster, type RosterMember } from '../core/roster.ts';
import type { Counters } from '../counters/counters.ts';
import type { StopSwitch } from './stop-signal.ts';

export interface LiveCall extends RosterMember {
  keyId: string | null;
  secretHash: string;
  hold: Hold | null;
  /** When the key, or the secret that opened it, ends by the clock; null: never. */
  endsAtMs: number | null;
  switch: StopSwitch;
}

/**
 * The calls in flight in this process. Two promises hang on it: when a revocation has been committed, no call of that
 * key goes on; and a call keeps its holds for as long as it lives, and no longer.
 */
export interface LiveCalls {
  add(call: LiveCall): void;
  remove(call: LiveCall): void;
  /** Listens to the change feed: stops at once every call whose secret no longer opens its key. */
  onChange(event: ChangeEvent): void;
  /** On a timer: stops calls whose key has expired, renews the leases of the others. */
  sweep(nowMs: number): void;
  count(): number;
  /** Resolves when no call is left, or after the time given, stopping those that remain. */
  drain(timeoutMs: number): Promise<void>;
}

/** A lease outlives several missed sweeps, and frees what a lost call held well within half a minute. */
export const HOLD_LEASE_MS = 20_000;
const RENEW_EVERY_MS = 5_000;

export function createLiveCalls(counters: Pick<Counters, 'renew'>): LiveCalls {
  const calls = new Roster<LiveCall>();
  let renewedAtMs = 0;
  let onIdle: (() => void) | null = null;

  return {
    add(call) {
      calls.add(call);
    },

    remove(call) {
      calls.remove(call);
      if (calls.size === 0) onIdle?.();
    },

    onChange(event) {
      if (event.kind !== 'key') return;
      // Keys change seldom and calls come all the time: it is the change that has to look for its calls.
      for (const call of calls.list()) {
        if (call.keyId !== event.keyId) continue;
        const working = event.working.find((secret) => secret.hash === call.secretHash);
        if (working === undefined) call.switch.stop(revoked());
        else call.endsAtMs = working.untilMs;
      }
    },

    sweep(nowMs) {
      const renew = nowMs - renewedAtMs >= RENEW_EVERY_MS;
      if (renew) renewedAtMs = nowMs;
      for (const call of calls.list()) {
        if (call.endsAtMs !== null && call.endsAtMs <= nowMs) call.switch.stop(revoked());
        else if (renew && call.hold !== null) void counters.renew(call.hold, nowMs, HOLD_LEASE_MS);
      }
    },

    count: () => calls.size,

    async drain(timeoutMs) {
      if (calls.size === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          for (const call of calls.list())
            call.switch.stop(new GatewayError('shutting_down', 'The gateway is shutting down.'));
          resolve();
        }, timeoutMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}

function revoked(): GatewayError {
  return new GatewayError(
    'authentication',
    'Authentication Error, this key was revoked or has expired while the call was running.',
  );
}
