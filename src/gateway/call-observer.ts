import type { Caller } from '../core/caller.ts';
import type { HeldCharge } from '../core/charge.ts';
import type { GatewayError } from '../core/gateway-error.ts';
import type { SpendRecord } from '../core/spend-record.ts';

/** Hears of every model call, and decides nothing. It is called in the middle of calls, so it has to be quick. */
export interface CallObserver {
  /**
   * An admitted call has ended and is billed. `errorCode`: null for an answer. `upstreamMs`: spent waiting for upstreams,
   * null where none answered.
   */
  settled(
    record: SpendRecord,
    caller: Caller,
    charges: readonly HeldCharge[],
    errorCode: string | null,
    upstreamMs: number | null,
  ): void;
  /** A call was refused with nothing held. `group`: the configured model that it asked for; null: there is none. */
  refused(caller: Caller, group: string | null, error: GatewayError): void;
  /** A deployment failed a try, which others may have made good. */
  deploymentFailed(deploymentId: string, status: number): void;
}
