import { type AdmissionPlan, planAdmission, planOutputCut } from '../core/admission.ts';
import { budgetFallbacksOf, isBudgetDenial } from '../core/budget-fallbacks.ts';
import type { Caller } from '../core/caller.ts';
import type { Hold, Reservation } from '../core/charge.ts';
import { type Denial, type DenialContext, toDenialError } from '../core/denial.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { memberNames } from '../core/owner.ts';
import type { CallParties } from './find-parties.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { HOLD_LEASE_MS } from './live-calls.ts';
import type { ParsedCall } from './parse-call.ts';
import { type PreparedCall, prepareInstead } from './prepare-call.ts';

/** A call that holds what it may use up. */
export interface Admission {
  /** Where it goes: as it was prepared, or to one of the key's `budget_fallbacks`. */
  prepared: PreparedCall;
  plan: AdmissionPlan;
  hold: Hold;
  /** The output limit to be put into the request, where a hard budget demands one. */
  outputCut: { maxTokens: number; lowered: boolean } | null;
}

type Deps = Pick<GatewayDeps, 'models' | 'priceOf' | 'settings' | 'calendar' | 'counters'>;

/** A call that asks to be admitted. */
interface Applicant {
  caller: Caller;
  parsed: ParsedCall;
  parties: CallParties;
}

/**
 * Plans, then reserves everything or nothing; at once, unless a balance has to be read first. What no budget pays for
 * goes to the first of the key's `budget_fallbacks` that every rule lets pass.
 *
 * @throws GatewayError (or rejects) budget_exceeded (400) or rate_limited (429), which says whose limit it was
 */
export function admitCall(
  deps: Deps,
  applicant: Applicant,
  prepared: PreparedCall,
  nowMs: number,
): Admission | Promise<Admission> {
  const tried = tryToAdmit(deps, prepared, nowMs);
  if (tried instanceof Promise) {
    return tried.then((late) => ('hold' in late ? late : admitInstead(deps, applicant, prepared, late, nowMs)));
  }
  return 'hold' in tried ? tried : admitInstead(deps, applicant, prepared, tried, nowMs);
}

function tryToAdmit(
  deps: Deps,
  prepared: PreparedCall,
  nowMs: number,
): Admission | Denial | Promise<Admission | Denial> {
  const plan = planAdmission(prepared.facts, deps.settings, deps.calendar, nowMs);
  if ('denial' in plan) return plan.denial;
  const reserved = deps.counters.reserve(plan.charges, nowMs, HOLD_LEASE_MS);
  return reserved instanceof Promise
    ? reserved.then((reservation) => toAdmission(plan, reservation, prepared))
    : toAdmission(plan, reserved, prepared);
}

function toAdmission(plan: AdmissionPlan, reservation: Reservation, prepared: PreparedCall): Admission | Denial {
  if (!reservation.granted) return { kind: 'over_limit', shortage: reservation.shortage };
  const { hold } = reservation;
  return { prepared, plan, hold, outputCut: planOutputCut(plan, hold.charges, prepared.facts) };
}

/** Refused calls have held nothing, so each model is asked about as if it were the first. */
function admitInstead(
  deps: Deps,
  applicant: Applicant,
  prepared: PreparedCall,
  denial: Denial,
  nowMs: number,
): Promise<Admission> {
  const models = fallbacksFor(applicant.caller, prepared, denial);
  const refusal = toDenialError(denial, denialContext(applicant.caller, nowMs));
  if (models.length === 0) throw refusal;
  return admitFirst(models);

  async function admitFirst(names: readonly string[]): Promise<Admission> {
    const { caller, parsed, parties } = applicant;
    for (const model of names) {
      const instead = prepareInstead(deps, caller, parsed, parties, { model, insteadOf: prepared.requested });
      if (instead instanceof GatewayError) continue;
      const tried = await tryToAdmit(deps, instead, nowMs);
      if ('hold' in tried) return tried;
    }
    throw refusal;
  }
}

/** The models that a call so refused may go to instead, if they let it. */
export function fallbacksFor({ key }: Caller, prepared: PreparedCall, denial: Denial): readonly string[] {
  if (!isBudgetDenial(denial)) return [];
  return budgetFallbacksOf(key, [prepared.requested, prepared.model, ...prepared.facts.otherNames]);
}

/** How owners are named to this caller: by the ids that administrators know them by. */
export function denialContext({ key, path }: Caller, nowMs: number): DenialContext {
  return {
    nowMs,
    label: (owner) => {
      switch (owner.kind) {
        case 'key':
          return { shown: key?.hash ?? owner.id, alias: key?.alias ?? null, mask: key?.mask ?? null };
        case 'member': {
          const { userId, teamId } = memberNames(owner.id);
          return { shown: `${userId} in Team=${teamId}`, alias: null };
        }
        case 'organization_member': {
          const { userId, teamId: organizationId } = memberNames(owner.id);
          return { shown: `${userId} in Organization=${organizationId}`, alias: null };
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
