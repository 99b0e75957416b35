import type { Caller } from '../core/caller.ts';
import type { Operation } from '../core/operation.ts';
import type { NamingHeaders } from './call-names.ts';

/** One model call as the HTTP layer hands it over. */
export interface CallRequest extends NamingHeaders {
  operation: Operation;
  /** The body as it came. */
  raw: Buffer;
  /** Azure's path form names the model in the URL; it wins over the body's. */
  pathModel: string | null;
  caller: Caller;
  /** Ours and unique: the ledger's key. */
  requestId: string;
  sourceIp: string | null;
  /** Calls back once when the client has gone before the answer was complete. */
  onClientGone(listener: () => void): void;
}

/** Where a stream's bytes go. */
export interface ClientSink {
  /** False: hold back until `onDrain` calls. */
  write(bytes: Buffer): boolean;
  onDrain(listener: () => void): void;
  end(): void;
}

/** Names (in lower case) and values in turn: the form that Node sends without looking anything up. */
export type HeaderList = string[];

export interface WholeAnswer {
  kind: 'whole';
  status: number;
  headers: HeaderList;
  body: Buffer;
}

export interface StreamedAnswer {
  kind: 'stream';
  status: number;
  headers: HeaderList;
  /** Sends the stream. Resolves once it has ended and its bill is journalled; never rejects. */
  relayTo(sink: ClientSink): Promise<void>;
}

export type CallAnswer = WholeAnswer | StreamedAnswer;
