import type { SendHttp } from './send-http.ts';
import type { Sink } from './sink.ts';
import type { SinkVars } from './sink-vars.ts';

/** When a batch is sent: at whichever of these is reached first. */
export interface FlushRule {
  maxRecords: number;
  maxBytes: number;
  /** Longest wait of a record for others. */
  intervalMs: number;
}

/** What every sink is given. */
export interface SinkDeps {
  /** To where the records go. */
  send: SendHttp;
  /** To what is asked on behalf of somebody else than the operator, wherever the records go. */
  sendGuarded: SendHttp;
  nowMs: () => number;
}

/** One type of destination: what stands in the table of `sink-kinds.ts`. */
export interface SinkKind {
  /** As `callback_name` and the lists of the configuration call it. */
  type: string;
  /** The names of variables that a destination of this type may have; any other is refused. */
  varNames: readonly string[];
  /** Those among them that say where records go: with one, a destination goes where somebody else than the operator says. */
  addressNames: readonly string[];
  /** Only the configuration may name it: whoever writes a key's destinations must not reach this machine's files. */
  globalOnly: boolean;
  /** Cheap; no network. @throws SinkSetupError that names the variable which is missing or wrong */
  create(vars: SinkVars, deps: SinkDeps): Sink;
  /** @throws SinkSetupError */
  flushRule(vars: SinkVars): FlushRule;
}
