import type { GatewayError } from '../core/gateway-error.ts';

/**
 * Ends one call from outside: the client left, its key was revoked, the process is closing. The first reason stands.
 * Plain callbacks, since an AbortController per call costs more than the rest of the bookkeeping together.
 */
export interface StopSignal {
  readonly reason: GatewayError | null;
  /** Calls back when stopped, at once if it already is. Returns what takes the callback back. */
  onStop(listener: (reason: GatewayError) => void): () => void;
}

export interface StopSwitch extends StopSignal {
  stop(reason: GatewayError): void;
}

export function createStopSwitch(): StopSwitch {
  const listeners = new Set<(reason: GatewayError) => void>();
  let stopped: GatewayError | null = null;
  return {
    get reason() {
      return stopped;
    },
    onStop(listener) {
      if (stopped !== null) listener(stopped);
      else listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop(reason) {
      if (stopped !== null) return;
      stopped = reason;
      for (const listener of listeners) listener(reason);
      listeners.clear();
    },
  };
}
