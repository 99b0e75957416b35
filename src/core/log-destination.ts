/**
 * Where the records of calls go: what `metadata.logging` of a key, `callback_settings` of a team and the configuration
 * say, as one kind of value. Nothing here knows which types there are; that is for the sinks.
 */
import { createHash } from 'node:crypto';
import { identityOf } from './callback-secrets.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

export type LogScope = 'key' | 'team' | 'global';

export interface LogDestination {
  /** Over type and variables: two destinations of one type with different credentials are two. Reveals neither. */
  id: string;
  /** `gcs_bucket`, `generic_api`, … */
  type: string;
  outcome: 'success' | 'failure' | 'both';
  /** As they were written: `os.environ/NAME` is not resolved. Credentials are among them: never log this value. */
  vars: Readonly<Record<string, string>>;
  /** Prompts and answers are left out. */
  redactContent: boolean;
  /** Who has it, so that it can be found again by whoever holds no credentials. */
  scope: LogScope;
  /** The key's or the team's id; null: the configuration's. */
  ownerId: string | null;
  /** Which of its owner's destinations of this type it is, from 0: what stays when its credentials are changed. */
  place: number;
}

/** Who says where, and what. */
export interface LogOwner {
  id: string;
  metadata: JsonObject;
}

/**
 * Whether destinations get prompts and answers. False: none, whatever it asks for. True: all that do not refuse them.
 * Null: those whose own variable `turn_off_message_logging` asks for them.
 */
export type ContentRule = boolean | null;

/**
 * The key's destinations where the key says anything about logging, else the team's where that does, else `global`. An
 * empty list is an answer: nothing is logged.
 */
export function chooseDestinations(
  key: LogOwner | null,
  team: LogOwner | null,
  global: readonly LogDestination[],
  rule: ContentRule,
): readonly LogDestination[] {
  return ownDestinations('key', key, rule) ?? ownDestinations('team', team, rule) ?? global;
}

/** What this owner says itself; undefined: nothing. Entries that make no sense are left out. */
export function ownDestinations(
  scope: 'key' | 'team',
  owner: LogOwner | null,
  rule: ContentRule,
): LogDestination[] | undefined {
  if (owner === null) return undefined;
  const { logging, callback_settings: settings } = owner.metadata;
  const build = (type: string, outcome: LogDestination['outcome'], vars: Json | undefined) =>
    buildDestination({ type, outcome, vars: textsOf(vars), scope, ownerId: owner.id, rule });
  if (Array.isArray(logging)) {
    const destinations = logging.filter(isJsonObject).flatMap((entry) => {
      const { callback_name: name, callback_type: type, callback_vars: vars } = entry;
      return typeof name === 'string' && name !== '' ? [build(name, toOutcome(type), vars)] : [];
    });
    return destinations.map((one) => ({ ...one, place: placeIn(destinations, one) }));
  }
  if (!isJsonObject(settings)) return undefined;
  return outcomesOf(namesOf(settings.success_callback), namesOf(settings.failure_callback)).map(([type, outcome]) =>
    build(type, outcome, settings.callback_vars),
  );
}

/** The same for two entries of one destination, one for each outcome. */
function placeIn(destinations: readonly LogDestination[], { type, id }: LogDestination): number {
  return [...new Set(destinations.filter((one) => one.type === type).map((one) => one.id))].indexOf(id);
}

/** What the configuration says of all calls of which nobody else says anything. */
export function globalDestinations(
  success: readonly string[],
  failure: readonly string[],
  rule: ContentRule,
): LogDestination[] {
  return outcomesOf(success, failure).map(([type, outcome]) =>
    buildDestination({ type, outcome, vars: {}, scope: 'global', ownerId: null, rule }),
  );
}

/** One destination, its id and what it may see worked out. */
function buildDestination(parts: {
  type: string;
  outcome: LogDestination['outcome'];
  vars: Readonly<Record<string, string>>;
  scope: LogScope;
  ownerId: string | null;
  rule: ContentRule;
}): LogDestination {
  const { rule, ...rest } = parts;
  const id = destinationId(parts.type, parts.vars);
  return { id, ...rest, redactContent: redactsContent(parts.vars, rule), place: 0 };
}

/** Whether the record of a call with this status is for the destination. A call that its client left has failed. */
export function wantsOutcome({ outcome }: Pick<LogDestination, 'outcome'>, status: string): boolean {
  return outcome === 'both' || (outcome === 'success') === (status === 'success');
}

function destinationId(type: string, vars: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(vars)
    .map(([name, value]) => [name, identityOf(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash('sha256')
    .update(JSON.stringify([type, sorted]))
    .digest('hex');
  return `${type.replace(/[^a-zA-Z0-9_]/g, '_').slice(0, 40)}-${digest.slice(0, 16)}`;
}

function redactsContent(
  { turn_off_message_logging: own }: Readonly<Record<string, string>>,
  rule: ContentRule,
): boolean {
  if (rule === false) return true;
  if (own !== undefined) return own.trim().toLowerCase() !== 'false';
  return rule === null;
}

function toOutcome(type: Json | undefined): LogDestination['outcome'] {
  return type === 'success' || type === 'failure' ? type : 'both';
}

/** Each type once, in the order in which they are named. */
function outcomesOf(success: readonly string[], failure: readonly string[]): [string, LogDestination['outcome']][] {
  return [...new Set([...success, ...failure])].map((type) => {
    if (!failure.includes(type)) return [type, 'success'];
    return [type, success.includes(type) ? 'both' : 'failure'];
  });
}

function namesOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string' && name !== '') : [];
}

/** Numbers and flags are taken as they are written. */
function textsOf(vars: Json | undefined): Record<string, string> {
  if (!isJsonObject(vars)) return {};
  return Object.fromEntries(
    Object.entries(vars).flatMap(([name, value]) =>
      value === null || typeof value === 'object' ? [] : [[name, String(value)]],
    ),
  );
}
