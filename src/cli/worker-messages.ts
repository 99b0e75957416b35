/** What the primary process and its workers tell each other. */

/** A worker is ready to listen; what its start found is shown by the primary. */
export interface ReadyMessage {
  kind: 'ready';
  newMasterKey: string | null;
  recovery: { shipped: number; unsettled: number };
}

export type FromWorker =
  | ReadyMessage
  | { kind: 'listening'; port: number }
  /** It cannot start, for this reason, and ends. */
  | { kind: 'failed'; message: string };

/** `drain`: let calls in flight end, then end. */
export type ToWorker = { kind: 'listen' } | { kind: 'drain' };
