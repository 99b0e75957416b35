import type { ChangeEvent } from '../core/change-event.ts';
import type { Hold } from '../core/charge.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Counters } from '../counters/counters.ts';
import type { StopSwitch } from './stop-signal.ts';

export interface LiveCall {
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
  const calls = new Set<LiveCall>();
  const byKey = new Map<string, Set<LiveCall>>();
  let renewedAtMs = 0;
  let onIdle: (() => void) | null = null;

  return {
    add(call) {
      calls.add(call);
      if (call.keyId === null) return;
      const ofKey = byKey.get(call.keyId);
      if (ofKey === undefined) byKey.set(call.keyId, new Set([call]));
      else ofKey.add(call);
    },

    remove(call) {
      calls.delete(call);
      const ofKey = call.keyId === null ? undefined : byKey.get(call.keyId);
      if (ofKey?.delete(call) && ofKey.size === 0) byKey.delete(call.keyId as string);
      if (calls.size === 0) onIdle?.();
    },

    onChange(event) {
      if (event.kind !== 'key') return;
      for (const call of byKey.get(event.keyId) ?? []) {
        const working = event.working.find((secret) => secret.hash === call.secretHash);
        if (working === undefined) call.switch.stop(revoked());
        else call.endsAtMs = working.untilMs;
      }
    },

    sweep(nowMs) {
      const renew = nowMs - renewedAtMs >= RENEW_EVERY_MS;
      if (renew) renewedAtMs = nowMs;
      for (const call of calls) {
        if (call.endsAtMs !== null && call.endsAtMs <= nowMs) call.switch.stop(revoked());
        else if (renew && call.hold !== null) void counters.renew(call.hold, nowMs, HOLD_LEASE_MS);
      }
    },

    count: () => calls.size,

    async drain(timeoutMs) {
      if (calls.size === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          for (const call of calls)
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
