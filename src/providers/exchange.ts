import { endedSilently } from '../core/silent-answer.ts';
import { toUpstreamError, toUpstreamFault, UpstreamFault, type UpstreamPhase } from './upstream-fault.ts';
import { UpstreamHeaders } from './upstream-headers.ts';

/** Ends an exchange with the caller's own reason; does nothing once it has ended. */
export type AbortExchange = (reason: Error) => void;

export interface ExchangeOptions {
  /** Named in error messages. */
  deploymentId: string;
  /** From the request on the wire to the response headers. 0: no limit. */
  headersTimeoutMs: number;
  /** Longest silence between two chunks, not counted while the reader has paused us. 0: no limit. */
  bodyTimeoutMs: number;
  /** Of a collected answer; more is the fault `too_large`. */
  maxResponseBytes: number;
  /** Called at once with the way to abort, valid from before the connection until the end. */
  onStart?: (abort: AbortExchange) => void;
}

export interface UpstreamAnswer {
  kind: 'answer';
  status: number;
  headers: UpstreamHeaders;
  /** Cut at MAX_ERROR_BYTES when the status is 400 or more. */
  body: Buffer;
}

/** An open 2xx answer. Must be piped or aborted: until then the upstream is kept waiting. */
export interface UpstreamStream {
  kind: 'stream';
  status: number;
  headers: UpstreamHeaders;
  /**
   * The first bytes, to be looked at before `pipe`, which still hands them on; null where none have come within that time.
   * Rejects where the stream ends before: with the error that ended it, or with `upstream_error` where nothing did.
   */
  peek(withinMs: number): Promise<Buffer | null>;
  /** Starts the flow. Exactly one of onEnd and onError is called, once. */
  pipe(sink: StreamSink): void;
  /** After onData returned false: go on. Harmless otherwise. */
  resume(): void;
  abort: AbortExchange;
}

export interface StreamSink {
  /** The chunk is the sink's to keep. False: send nothing more until `resume()`. */
  onData(chunk: Buffer): boolean;
  /** May come while paused, when the last chunk was the last of all. */
  onEnd(): void;
  /** A GatewayError caused by an UpstreamFault, or the reason given to abort. */
  onError(error: Error): void;
}

/** No error message worth reading is longer. */
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * One request and its answer, as undici's callbacks tell it: a small state machine that ends exactly once, by
 * onComplete, onError or abort. The callbacks are undici's older ones, which hand out the headers undecoded.
 */
export class Exchange implements UpstreamStream {
  readonly kind = 'stream';
  status = 0;
  headers = new UpstreamHeaders([]);
  ended = false;

  private readonly options: ExchangeOptions;
  private readonly wantsStream: boolean;
  private readonly resolve: (outcome: UpstreamStream | UpstreamAnswer) => void;
  private readonly reject: (error: Error) => void;
  private phase: UpstreamPhase = 'connect';
  private bytesSeen = 0;
  private abortReason: Error | null = null;
  private abortSocket: ((reason: Error) => void) | null = null;
  private resumeSocket: (() => void) | null = null;
  /** A collected body; for a stream, the chunk that came before there was a sink. */
  private chunks: Buffer[] = [];
  private streaming = false;
  private sink: StreamSink | null = null;
  /** The end of a stream that nobody had piped yet. */
  private earlyError: Error | null = null;
  /** Whoever waits for the first bytes of a stream, or for its end without any. */
  private onBegun: (() => void) | null = null;

  constructor(
    options: ExchangeOptions,
    wantsStream: boolean,
    resolve: (outcome: UpstreamStream | UpstreamAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.options = options;
    this.wantsStream = wantsStream;
    this.resolve = resolve;
    this.reject = reject;
  }

  readonly abort: AbortExchange = (reason) => {
    if (this.ended || this.abortReason) return;
    this.abortReason = reason;
    if (this.abortSocket) {
      this.abortSocket(reason);
    } else {
      this.ended = true;
      this.reject(reason);
    }
  };

  peek(withinMs: number): Promise<Buffer | null> {
    return new Promise((resolve, reject) => {
      const tell = () => {
        clearTimeout(timer);
        this.onBegun = null;
        const [first] = this.chunks;
        if (first !== undefined) resolve(first);
        else if (this.earlyError !== null) reject(this.earlyError);
        else if (this.ended) reject(endedSilently(this.options.deploymentId));
        else resolve(null);
      };
      const timer = setTimeout(tell, withinMs);
      if (this.chunks.length > 0 || this.ended) tell();
      else this.onBegun = tell;
    });
  }

  pipe(sink: StreamSink): void {
    this.sink = sink;
    const early = this.chunks[0];
    this.chunks = [];
    const flowing = early === undefined || sink.onData(early);
    if (this.earlyError) sink.onError(this.earlyError);
    else if (this.ended && early === undefined) sink.onEnd();
    else if (flowing) this.resume();
  }

  /** Not at once: undici's parser may be on the stack, and it cannot be resumed from inside itself. */
  resume(): void {
    queueMicrotask(() => {
      // Once ended, the socket may already be carrying somebody else's answer.
      if (!this.ended) this.resumeSocket?.();
    });
  }

  /** The request is about to be written. */
  onConnect(abort: (reason?: Error) => void): void {
    // Aborted while connecting: the throw drops the request and leaves the new socket for others.
    if (this.abortReason) throw this.abortReason;
    this.phase = 'headers';
    this.abortSocket = abort;
  }

  onHeaders(status: number, rawHeaders: readonly Buffer[], resume: () => void): boolean {
    if (status < 200) return true;
    this.phase = 'body';
    this.status = status;
    this.headers = new UpstreamHeaders(rawHeaders);
    this.resumeSocket = resume;
    if (status >= 300 && status < 400) {
      this.fail('redirect');
    } else if (this.wantsStream && status < 300) {
      this.streaming = true;
      this.resolve(this);
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    // The parser says so when it is resumed with nothing to read; to pause it for that would go round for ever.
    if (chunk.length === 0) return true;
    this.bytesSeen += chunk.length;
    if (this.sink) return this.sink.onData(chunk);
    this.chunks.push(chunk);
    if (this.streaming) {
      this.onBegun?.();
      return false;
    }
    if (this.status >= 400 && this.bytesSeen >= MAX_ERROR_BYTES) {
      this.finishAnswer();
      this.abortSocket?.(new UpstreamFault('too_large', this.phase, this.bytesSeen));
    } else if (this.bytesSeen > this.options.maxResponseBytes) {
      this.fail('too_large');
    }
    return true;
  }

  onComplete(): void {
    if (this.streaming) {
      this.ended = true;
      if (this.sink) this.sink.onEnd();
      else this.onBegun?.();
    } else {
      this.finishAnswer();
    }
  }

  onError(failure: Error): void {
    if (this.ended) return;
    this.ended = true;
    const error =
      this.abortReason ??
      toUpstreamError(this.options.deploymentId, toUpstreamFault(failure, this.phase, this.bytesSeen));
    if (!this.streaming) this.reject(error);
    else if (this.sink) this.sink.onError(error);
    else {
      this.earlyError = error;
      this.onBegun?.();
    }
  }

  private finishAnswer(): void {
    this.ended = true;
    const [only] = this.chunks;
    const whole = this.chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.chunks);
    const body = this.status >= 400 ? whole.subarray(0, MAX_ERROR_BYTES) : whole;
    this.resolve({ kind: 'answer', status: this.status, headers: this.headers, body });
  }

  private fail(kind: 'redirect' | 'too_large'): void {
    this.abortSocket?.(new UpstreamFault(kind, this.phase, this.bytesSeen));
  }
}
