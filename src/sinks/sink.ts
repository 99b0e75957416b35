import type { LogPayload } from '../core/log-payload.ts';

/** Records that are sent together. */
export interface SinkBatch {
  /**
   * The same on every repeat, also after a restart, and for the same records only. What a sink writes under this name (or
   * under names made from it and a record's place) replaces what an earlier try may have written.
   */
  id: string;
  /** When the batch was put together; the same on every repeat. */
  createdAtMs: number;
  /** How many records there are; never 0. */
  count: number;
  /** The records as lines of JSON, each with its line end: for sinks that pass them on as they are. */
  ndjson: Buffer;
  /** The same, read. Only for sinks that need more than lines: it costs time and memory. */
  records(): LogPayload[];
}

/**
 * One place to which records go. It is asked for one batch at a time, with a batch that failed again and again until it
 * is taken or refused, and never for two at once. It keeps nothing between calls: the queue in front of it is on disk.
 */
export interface Sink {
  readonly type: string;
  /**
   * Resolves once the other side has taken the whole batch. Ends in any case, within about a minute.
   *
   * @throws SinkError that says whether trying again can help; anything else that is thrown counts as if it could
   */
  deliver(batch: SinkBatch): Promise<void>;
  /** Gives back what it holds (sockets, timers). Nothing is delivered any more. */
  close(): Promise<void>;
}

/**
 * `later`: the other side is away, busy or set up wrongly, which may change. `never`: it refuses these records for what
 * they are and will refuse them again. Of several records each is then tried by itself.
 */
export type SinkVerdict = 'later' | 'never';

/** A delivery that failed. The message says what the other side said, and holds no credential. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
  readonly verdict: SinkVerdict;
  /** How long the other side wants to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(
    verdict: SinkVerdict,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.verdict = verdict;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * Why a delivery failed, for logs and for whoever asks. Errors that are none of ours come from libraries, and some of these
 * repeat the address with all that stands in it: whatever looks like one is left out.
 */
export function wordsOf(error: unknown): string {
  if (error instanceof SinkError || error instanceof SinkSetupError) return error.message;
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/\b[a-z][a-z0-9+.-]*:\/\/\S*/gi, '[address]');
}

/** What a destination lacks or has wrong, found before anything is sent: its message is for whoever set it up. */
export class SinkSetupError extends Error {
  override readonly name = 'SinkSetupError';
}
