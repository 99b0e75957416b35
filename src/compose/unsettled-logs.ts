import type { CallFailure, CallLog } from '../core/call-log.ts';
import { NO_STANDING } from '../core/call-path.ts';
import { createLogRoutes } from '../core/log-route.ts';
import type { SpendRecord } from '../core/spend-record.ts';
import type { Sinks } from '../sinks/sinks.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import { type LogConfig, rulesOf } from './build-logs.ts';

interface UnsettledLogParts {
  storage: Pick<OpenStorage, 'keys' | 'owners'>;
  sinks: Pick<Sinks, 'offer'>;
  /** What is in force at the moment. */
  inForce: () => LogConfig;
}

const FAILURE: CallFailure = {
  message: 'The process that served this call ended before the call did; what came of it is not known.',
  type: 'unsettled',
  httpStatus: 0,
};

/**
 * Log records of calls that were in flight when their process died, made from their bills: to where their key, their team
 * or the configuration wants records of failed calls, by what these say now. They hold no content, as nothing is left of it.
 *
 * Resolves when the records are safe. Rejects where the owners cannot be read; asked again, it writes the same calls again,
 * under the same `litellm_call_id`.
 */
export function createUnsettledLogs({
  storage,
  sinks,
  inForce,
}: UnsettledLogParts): (bills: readonly SpendRecord[]) => Promise<void> {
  const { keys, owners } = storage;
  const deletedToo = { includeDeleted: true };

  return async (bills) => {
    const routeOf = createLogRoutes(rulesOf(inForce()));
    const keyOf = rememberOne((keyId) => keys.find({ kind: 'key_id', keyId }, deletedToo));
    const teamOf = rememberOne((id) => owners.teams.find([id], deletedToo));
    const userOf = rememberOne((id) => owners.users.find([id], deletedToo));
    const organizationOf = rememberOne((id) => owners.organizations.find([id], deletedToo));
    const offered: (Promise<unknown> | null)[] = [];
    // One after the other: a start does not ask the database a thousand things at once.
    for (const bill of bills) {
      const key = await keyOf(bill.keyId);
      const team = await teamOf(bill.teamId);
      const route = routeOf({ key, path: { ...NO_STANDING.path, team } });
      if (route === null) continue;
      const log: CallLog = {
        facts: bill,
        names: {
          teamAlias: team?.alias ?? null,
          organizationAlias: (await organizationOf(bill.organizationId))?.alias ?? null,
          userEmail: (await userOf(bill.userId))?.email ?? null,
          keyMaxBudgetNanoUsd: key?.maxBudgetNanoUsd ?? null,
          teamMaxBudgetNanoUsd: team?.maxBudgetNanoUsd ?? null,
        },
        upstreamModel: null,
        failure: FAILURE,
        modelParameters: {},
        requestMetadata: null,
        content: null,
      };
      offered.push(sinks.offer(log, route.destinations));
    }
    await Promise.all(offered);
  };
}

/** Each id is asked for once. */
function rememberOne<R>(find: (id: string) => Promise<R | undefined>): (id: string | null) => Promise<R | null> {
  const known = new Map<string, R | null>();
  return async (id) => {
    if (id === null) return null;
    const before = known.get(id);
    if (before !== undefined) return before;
    const found = (await find(id)) ?? null;
    known.set(id, found);
    return found;
  };
}
