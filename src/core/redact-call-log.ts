import { type CallLog, NO_OWNER_NAMES } from './call-log.ts';
import { withoutQuote } from './write-log-payload.ts';

/** What an installation keeps from its log destinations, or tells all of them, whatever they say themselves. */
export interface LogRedaction {
  /** Nothing of who makes a call: key, user, team and organisation. */
  caller: boolean;
  /** What upstreams say in errors: true: all destinations are told; false: none; null: those that get prompts. */
  quotes: boolean | null;
}

/** The log as destinations may have it; the same object where there is nothing to leave out. */
export function redactCallLog(log: CallLog, { caller, quotes }: LogRedaction): CallLog {
  const told = quotes === null || log.failure === null ? log : { ...log, failure: toldOf(log.failure, quotes) };
  return caller ? withoutCaller(told) : told;
}

function toldOf(failure: NonNullable<CallLog['failure']>, quotes: boolean): CallLog['failure'] {
  return quotes ? { ...failure, quoted: null } : withoutQuote(failure);
}

function withoutCaller({ facts, ...rest }: CallLog): CallLog {
  return {
    ...rest,
    facts: { ...facts, keyId: null, keyHash: '', keyAlias: null, userId: null, teamId: null, organizationId: null },
    names: NO_OWNER_NAMES,
  };
}
