import type { GatewayError } from '../core/gateway-error.ts';

/**
 * Ends one call from outside: the client left, its key was revoked, the process is closing. The first reason stands.
 * Plain callbacks, since an AbortController per call costs more than the rest of the bookkeeping together.
 */
export interface StopSignal {
  readonly reason: GatewayError | null;
  /** Calls back when stopped, at once if it already is. */
  onStop(listener: (reason: GatewayError) => void): void;
}

export class StopSwitch implements StopSignal {
  reason: GatewayError | null = null;
  readonly #listeners: ((reason: GatewayError) => void)[] = [];

  onStop(listener: (reason: GatewayError) => void): void {
    if (this.reason !== null) listener(this.reason);
    else this.#listeners.push(listener);
  }

  stop(reason: GatewayError): void {
    if (this.reason !== null) return;
    this.reason = reason;
    for (const listener of this.#listeners) listener(reason);
    this.#listeners.length = 0;
  }
}
