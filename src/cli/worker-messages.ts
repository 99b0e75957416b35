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
  /** It is asked for the metrics of all workers. The answer carries the same number. */
  | { kind: 'gather metrics'; request: number }
  | { kind: 'own metrics'; request: number; families: readonly object[] }
  /** It cannot start, for this reason, and ends. */
  | { kind: 'failed'; message: string };

export type ToWorker =
  | { kind: 'listen' }
  /** Let calls in flight end, then end. */
  | { kind: 'drain' }
  | { kind: 'tell metrics'; request: number }
  /** Of the workers that have answered in time. */
  | { kind: 'gathered metrics'; request: number; processes: readonly (readonly object[])[] };
