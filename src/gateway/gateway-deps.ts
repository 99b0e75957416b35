import type { AdmissionSettings } from '../core/admission.ts';
import type { BudgetCalendar } from '../core/budget-window.ts';
import type { Caller } from '../core/caller.ts';
import type { EnforcedParams } from '../core/enforced-params.ts';
import type { Limits } from '../core/limits.ts';
import type { LogRoute } from '../core/log-route.ts';
import type { Deployment, ModelPrice } from '../core/model.ts';
import type { OwnerLimits } from '../core/owner-limits.ts';
import type { ModelIndex } from '../core/routing.ts';
import type { Counters } from '../counters/counters.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Upstream } from '../providers/upstream.ts';
import type { Sinks } from '../sinks/sinks.ts';
import type { OwnerCache } from '../storage/owners/owner-storage.ts';
import type { CallObserver } from './call-observer.ts';
import type { Cooldowns } from './cooldowns.ts';
import type { LiveCalls } from './live-calls.ts';

export interface GatewaySettings extends AdmissionSettings {
  version: string;
  tokensPerImage: number;
  numRetries: number;
  requestTimeoutMs: number;
  tagFiltering: boolean;
  storePrompts: boolean;
  /** Model calls must name their end user. */
  enforceUserParam: boolean;
  /** Fields that calls must have, whoever makes them; null: none. */
  enforcedParams: EnforcedParams | null;
  /** Calls are tagged by their keys and teams, and not by clients. */
  rejectClientTags: boolean;
  /** The whole proxy: its limits, which count for every caller, and its spend. */
  proxy: OwnerLimits;
  /** What an end user may use up who is not known yet; null: no limits. */
  newEndUserLimits: Limits | null;
}

/** What is known about a deployment's price for the model that it will be asked for. */
export interface PricedModel {
  price: ModelPrice | null;
  maxOutputTokens: number | null;
}

/** Where calls are logged. */
export interface CallLogs extends Pick<Sinks, 'offer'> {
  /** Null: nowhere. */
  routeOf(caller: Pick<Caller, 'key' | 'path'>): LogRoute | null;
}

/** Everything a model call needs from outside. Built once, in compose. */
export interface GatewayDeps {
  settings: GatewaySettings;
  models: ModelIndex;
  priceOf(deployment: Deployment, upstreamModel: string): PricedModel;
  calendar: BudgetCalendar;
  counters: Counters;
  owners: Pick<OwnerCache, 'endUser' | 'endUserBudget' | 'tag'>;
  ledger: Pick<Ledger, 'open' | 'settle'>;
  /** Null: no call is logged, whoever makes it. */
  logs: CallLogs | null;
  upstream: Upstream;
  cooldowns: Cooldowns;
  live: LiveCalls;
  observer: CallObserver;
  /** Throws or rejects when a caller of a while ago is none any more. */
  reassureCaller(caller: Caller): unknown;
  nowMs(): number;
  /** Somebody on whose behalf nobody has called before; will be stored. */
  onNewEndUser(id: string): void;
  /** In [0, 1). */
  random(): number;
  /** A call to a model whose price nobody knows; it is billed at 0. */
  onUnknownPrice(model: string): void;
  onFault(error: unknown, requestId: string): void;
}
