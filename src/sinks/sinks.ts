import type { CallLog } from '../core/call-log.ts';
import type { LogDestination } from '../core/log-destination.ts';

/** What a destination was found to do with a record of no call. */
export interface ProbeResult {
  ok: boolean;
  /** In the other side's words, without credentials; null: it took the record. */
  error: string | null;
  tookMs: number;
}

/** The records of one destination, since this process started. */
export interface SinkStats {
  destinationId: string;
  type: string;
  /** The configuration has it; else keys or teams alone. */
  isGlobal: boolean;
  /** Records on disk that have not been delivered. */
  queued: number;
  delivered: number;
  /** Deliveries that failed and were, or will be, tried again. */
  retried: number;
  /** Records given up: the disk was full, or the limit of the spools reached. 0 as long as neither happens. */
  dropped: number;
  /** Records that the destination refused for what they are; kept as dead letters. */
  dead: number;
  /** How long the oldest record has waited; 0: none does. */
  oldestMs: number;
  /** Why nothing is delivered at present; null: all is well. */
  failure: string | null;
}

/** Where records of calls go. Whoever offers one is never kept waiting by a destination, only by the local disk. */
export interface Sinks {
  /**
   * Takes the record for those of the destinations that want its outcome. The promise resolves when it is safe from a
   * crash of this process, and never rejects; null: nobody wants it.
   */
  offer(log: CallLog, destinations: readonly LogDestination[]): Promise<unknown> | null;
  /** Sends a record of no call, past the queue. Never rejects. */
  probe(destination: LogDestination): Promise<ProbeResult>;
  stats(): SinkStats[];
  /** For a timer: takes over what processes have left that have ended, and keeps the spools within their limit. */
  tend(): Promise<void>;
  /** Sends all that waits; resolves when it was tried once. */
  flush(): Promise<void>;
  /** Sends what waits for as long as there is time; the rest stays on disk for the next start. */
  close(drainMs: number): Promise<void>;
}
