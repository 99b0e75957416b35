import { type AdmissionPlan, planAdmission, planOutputCut } from '../core/admission.ts';
import type { Caller } from '../core/caller.ts';
import type { Hold, Reservation } from '../core/charge.ts';
import { type Denial, type DenialContext, toDenialError } from '../core/denial.ts';
import { memberNames } from '../core/owner.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { HOLD_LEASE_MS } from './live-calls.ts';
import type { PreparedCall } from './prepare-call.ts';

/** A call that holds what it may use up. */
export interface Admission {
  plan: AdmissionPlan;
  hold: Hold;
  /** The output limit to be put into the request, where a hard budget demands one. */
  outputCut: { maxTokens: number; lowered: boolean } | null;
}

/**
 * Plans, then reserves everything or nothing; at once, unless a balance has to be read first.
 *
 * @throws GatewayError (or rejects) budget_exceeded (400) or rate_limited (429), which says whose limit it was
 */
export function admitCall(
  deps: Pick<GatewayDeps, 'settings' | 'calendar' | 'counters'>,
  caller: Caller,
  prepared: PreparedCall,
  nowMs: number,
): Admission | Promise<Admission> {
  const plan = planAdmission(prepared.facts, deps.settings, deps.calendar, nowMs);
  if ('denial' in plan) throw toDenialError(plan.denial, denialContext(caller, nowMs));
  const reserved = deps.counters.reserve(plan.charges, nowMs, HOLD_LEASE_MS);
  return reserved instanceof Promise
    ? reserved.then((reservation) => toAdmission(plan, reservation, caller, prepared, nowMs))
    : toAdmission(plan, reserved, caller, prepared, nowMs);
}

function toAdmission(
  plan: AdmissionPlan,
  reservation: Reservation,
  caller: Caller,
  { facts }: PreparedCall,
  nowMs: number,
): Admission {
  if (!reservation.granted) {
    const denial: Denial = { kind: 'over_limit', shortage: reservation.shortage };
    throw toDenialError(denial, denialContext(caller, nowMs));
  }
  const { hold } = reservation;
  return { plan, hold, outputCut: planOutputCut(plan, hold.charges, facts) };
}

/** How owners are named to this caller: by the ids that administrators know them by. */
export function denialContext({ key, path }: Caller, nowMs: number): DenialContext {
  return {
    nowMs,
    label: (owner) => {
      switch (owner.kind) {
        case 'key':
          return { shown: key?.hash ?? owner.id, alias: key?.alias ?? null };
        case 'member': {
          const { userId, teamId } = memberNames(owner.id);
          return { shown: `${userId} in Team=${teamId}`, alias: null };
        }
        case 'user':
        case 'team':
        case 'organization':
          return { shown: owner.id, alias: path[owner.kind]?.alias ?? null };
        case 'end_user':
        case 'tag':
        case 'proxy':
          return { shown: owner.id, alias: null };
      }
    },
  };
}

/** What is held of each balance, for the journal: charged to it should the call never settle. */
export function heldBalances(plan: AdmissionPlan, hold: Hold): { counter: string; nanoUsd: number }[] {
  const { balanceCounters, balanceCharges, estimatedNanoUsd } = plan;
  return balanceCounters.map((counter, index) => {
    const held = hold.charges[balanceCharges[index] as number];
    return { counter, nanoUsd: held === undefined ? estimatedNanoUsd : held.granted };
  });
}
