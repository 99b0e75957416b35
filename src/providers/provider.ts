/**
 * A provider is a few pure converters around the shared transport: our request → theirs, their answer → ours.
 * Converters know no sockets and no secrets but the deployment's own.
 */
import type { Deployment } from '../core/model.ts';
import type { Operation } from '../core/operation.ts';
import type { Usage } from '../core/usage.ts';

/** A client's call, parsed once. `text` is the body as it came, so that what is not changed passes through byte for byte. */
export interface ModelCall {
  operation: Operation;
  text: string;
  /** The bytes that `text` was read from, where they are still there; saves encoding it again. */
  bytes?: Buffer;
  body: Readonly<Record<string, unknown>>;
  /** The model as the client names it, in the path or in the body; null: nowhere. */
  requested: string | null;
  stream: boolean;
  /** Fields to set (or, with undefined, to remove) in the body before it goes upstream, beyond `model`. */
  overrides: Readonly<Record<string, unknown>>;
}

export interface UpstreamRequest {
  /** Scheme, host and port. */
  origin: string;
  /** Path and query. */
  path: string;
  method: 'POST';
  headers: Record<string, string>;
  body: string | Buffer;
}

/** Frames of one upstream stream. Pure: bytes in, bytes out. */
export interface StreamMeter {
  /** Bytes from upstream → bytes for the client now (may be none while a frame is incomplete). */
  push(chunk: Buffer): Buffer | null;
  /** What is left once the upstream has ended. */
  end(): Buffer | null;
  /** Usage as reported, or null when none was seen. */
  usage(): Usage | null;
  /** What has been passed on so far, for billing a stream that reported nothing. */
  delivered(): { frames: number; contentBytes: number };
  responseId(): string | null;
  /** An error that the upstream sent inside the stream. */
  streamError(): string | null;
}

export interface ParsedAnswer {
  usage: Usage | null;
  responseId: string | null;
  /** Text of the answer, for estimates. */
  contentBytes: number;
  /** The body for the client. */
  body: Buffer;
  /** A success that is no JSON object, or is cut short: not an answer to pass on. */
  malformed: boolean;
}

/** An upstream's refusal that came as the first event of a stream with status 200. Without credentials. */
export interface StreamRefusal {
  /** The HTTP status that it names; null: none. */
  status: number | null;
  message: string;
  type: string | null;
  param: string | null;
}

export interface Provider {
  /** Asks for usage in streams, and leaves out what is meant for the proxy; the gateway's overrides have the last word. */
  buildRequest(call: ModelCall, deployment: Deployment, upstreamModel: string): UpstreamRequest;
  parseAnswer(call: ModelCall, status: number, body: Buffer): ParsedAnswer;
  /**
   * Hides the usage frame of a stream whose client did not ask for it, and the credentials (those of the deployment, and
   * what looks like one) in an error that the upstream sends inside the stream.
   */
  createStreamMeter(call: ModelCall, deployment?: Pick<Deployment, 'apiKey' | 'extraHeaders'>): StreamMeter;
  /**
   * The error that a stream begins with, in the place of an answer, and the status that it names; null: it begins with
   * something else. `chunk`: the first bytes of the stream.
   */
  readStreamRefusal(chunk: Buffer, deployment?: Pick<Deployment, 'apiKey' | 'extraHeaders'>): StreamRefusal | null;
  /**
   * The upstream's error body → message and code for our envelope. Never contains a credential: what looks like one is
   * taken out, and those of the deployment given exactly.
   */
  parseError(
    status: number,
    body: Buffer,
    deployment?: Pick<Deployment, 'apiKey' | 'extraHeaders'>,
  ): { message: string; type: string | null; param: string | null; code: string | null };
}
