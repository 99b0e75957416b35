import type { LogDestination } from '../core/log-destination.ts';
import { type Sink, SinkSetupError } from './sink.ts';
import type { FlushRule, SinkDeps, SinkKind } from './sink-kind.ts';
import { findSinkKind, isVarOfSomeKind } from './sink-kinds.ts';
import { createSinkVars, type OpenSecret } from './sink-vars.ts';

/** What is needed to make a sink of a destination. */
export interface SinkMaker {
  /** What `os.environ/NAME` stands for, and where customary variables are found. */
  environment: Readonly<Record<string, string>>;
  openSecret: OpenSecret;
  /** Destinations whose address is not the operator's get `sendGuarded` as their only way out. */
  deps: SinkDeps;
}

type Described = Pick<LogDestination, 'type' | 'scope' | 'vars'>;

/** The sink of a destination. No network. @throws SinkSetupError in words for whoever set it up */
export function openSink(destination: Described, { environment, openSecret, deps }: SinkMaker): Sink {
  const kind = kindOf(destination);
  const unknown = Object.keys(destination.vars).find(
    // A team's destinations share their variables: what is for another of them is no mistake.
    (name) => !kind.varNames.includes(name) && !(destination.scope === 'team' && isVarOfSomeKind(name)),
  );
  if (unknown !== undefined) {
    throw new SinkSetupError(`${unknown} is no variable of ${kind.type}; there are: ${kind.varNames.join(', ')}`);
  }
  const isOthers =
    destination.scope !== 'global' && kind.addressNames.some((name) => destination.vars[name] !== undefined);
  const vars = createSinkVars(destination.vars, environment, openSecret);
  return kind.create(vars, isOthers ? { ...deps, send: deps.sendGuarded } : deps);
}

/** Why nothing can ever be sent to such a destination; undefined: it can. */
export function describeMissingKind({ type, scope }: Pick<Described, 'type' | 'scope'>): string | undefined {
  const kind = findSinkKind(type);
  if (kind === undefined) return `there is no log destination of the type ${type}`;
  if (kind.globalOnly && scope !== 'global') return `${type} can be named in the configuration only`;
  return undefined;
}

/** When batches of a destination are sent; the type's own rule where its settings make no sense. */
export function flushRuleOf(destination: Described, environment: SinkMaker['environment']): FlushRule {
  const kind = kindOf(destination);
  try {
    return kind.flushRule(createSinkVars(destination.vars, environment));
  } catch (error) {
    if (!(error instanceof SinkSetupError)) throw error;
    return kind.flushRule(createSinkVars({}, {}));
  }
}

function kindOf(destination: Described): SinkKind {
  const missing = describeMissingKind(destination);
  if (missing !== undefined) throw new SinkSetupError(missing);
  return findSinkKind(destination.type) as SinkKind;
}
