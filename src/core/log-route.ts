import type { Caller } from './caller.ts';
import type { JsonObject } from './json.ts';
import { type ContentRule, chooseDestinations, type LogDestination } from './log-destination.ts';

/** Where the calls of somebody are logged. */
export interface LogRoute {
  /** Never empty, and each destination once. */
  destinations: readonly LogDestination[];
  /** Somebody among them gets prompts and answers. */
  wantsContent: boolean;
}

export interface LogRules {
  /** For calls of which neither key nor team says anything. */
  global: readonly LogDestination[];
  content: ContentRule;
  /** Metadata in place of that of teams which say nothing of logging themselves, by team. */
  teamDefaults: ReadonlyMap<string, JsonObject>;
}

interface Known {
  team: object | null;
  route: LogRoute | null;
}

/**
 * Where a caller's calls are logged; null: nowhere. Worked out once for each record of a key, as records are immutable:
 * a key that logs nowhere costs its calls one look-up.
 */
export function createLogRoutes(rules: LogRules): (caller: Pick<Caller, 'key' | 'path'>) => LogRoute | null {
  const known = new WeakMap<object, Known>();
  const nobody = {};
  return ({ key, path }) => {
    const subject = key ?? path.team ?? nobody;
    const found = known.get(subject);
    if (found !== undefined && found.team === path.team) return found.route;
    const route = toRoute(
      chooseDestinations(
        key === null ? null : { id: key.keyId, metadata: key.metadata },
        teamOf(rules, path),
        rules.global,
        rules.content,
      ),
    );
    known.set(subject, { team: path.team, route });
    return route;
  };
}

function teamOf({ teamDefaults }: LogRules, { team }: Caller['path']): { id: string; metadata: JsonObject } | null {
  if (team === null) return null;
  const { id, metadata } = team;
  const says = metadata.logging !== undefined || metadata.callback_settings !== undefined;
  return { id, metadata: says ? metadata : (teamDefaults.get(id) ?? metadata) };
}

function toRoute(named: readonly LogDestination[]): LogRoute | null {
  if (named.length === 0) return null;
  const destinations = mergeSame(named);
  return { destinations, wantsContent: destinations.some(({ redactContent }) => !redactContent) };
}

/** A destination that is named more than once gets a record once, of whatever outcome any of its entries asks for. */
function mergeSame(named: readonly LogDestination[]): LogDestination[] {
  const byId = new Map<string, LogDestination>();
  for (const one of named) {
    const before = byId.get(one.id);
    if (before === undefined) byId.set(one.id, one);
    else if (before.outcome !== one.outcome) byId.set(one.id, { ...before, outcome: 'both' });
  }
  return [...byId.values()];
}
