import type { Caller } from '../core/caller.ts';
import type { ChangeEvent, OwnerEvent } from '../core/change-event.ts';
import type { Hold } from '../core/charge.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { Roster, type RosterMember } from '../core/roster.ts';
import type { CallIntent } from '../core/spend-record.ts';
import type { Counters } from '../counters/counters.ts';
import type { StopSwitch } from './stop-signal.ts';

export interface LiveCall extends RosterMember {
  caller: Pick<Caller, 'kind' | 'secretHash'>;
  /** Whom it is billed to. */
  intent: Pick<CallIntent, 'keyId' | 'userId' | 'teamId' | 'organizationId' | 'endUser'>;
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
  /**
   * Listens to the change feed: stops at once every call whose secret no longer opens its key, and every call of a user,
   * team or organisation, or for an end user, that has been blocked or deleted.
   */
  onChange(event: ChangeEvent): void;
  /** How many changes have been heard that could concern a call. */
  changesHeard(): number;
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
  let heard = 0;
  let onIdle: (() => void) | null = null;

  return {
    add(call) {
      calls.add(call);
    },

    remove(call) {
      calls.remove(call);
      if (calls.size === 0) onIdle?.();
    },

    changesHeard: () => heard,

    onChange(event) {
      if (event.kind === 'key' || event.kind === 'owner') heard += 1;
      // Changes come seldom and calls all the time: it is the change that has to look for its calls.
      if (event.kind === 'key') {
        for (const call of calls.list()) {
          if (call.intent.keyId !== event.keyId) continue;
          const working = event.working.find((secret) => secret.hash === call.caller.secretHash);
          if (working === undefined) call.switch.stop(revoked());
          else call.endsAtMs = working.untilMs;
        }
      } else if (event.kind === 'owner' && !event.usable) {
        for (const call of calls.list()) if (isOf(call, event)) call.switch.stop(disowned(event));
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

/** Members, tags, budgets and models say nothing about who may call. */
function isOf({ caller, intent }: LiveCall, { table, id }: OwnerEvent): boolean {
  switch (table) {
    case 'users':
      // The master key calls under a user's name, and nobody takes that away from it.
      return intent.userId === id && caller.kind !== 'master_key';
    case 'teams':
      return intent.teamId === id;
    case 'organizations':
      return intent.organizationId === id;
    case 'end_users':
      return intent.endUser === id;
    default:
      return false;
  }
}

const NAMES: Partial<Record<OwnerEvent['table'], string>> = {
  users: 'user',
  teams: 'team',
  organizations: 'organization',
  end_users: 'end user',
};

function disowned({ table, id }: OwnerEvent): GatewayError {
  return new GatewayError(
    'authentication',
    `Authentication Error, the ${NAMES[table]} ${id} was blocked or deleted while the call was running.`,
  );
}

function revoked(): GatewayError {
  return new GatewayError(
    'authentication',
    'Authentication Error, this key was revoked or has expired while the call was running.',
  );
}
