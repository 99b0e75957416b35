import cluster from 'node:cluster';
import type { FromWorker, ReadyMessage, ToWorker } from './worker-messages.ts';

/** A worker's line to its primary. */
export interface WorkerLink {
  /** Resolves with true when all workers are ready and this one may listen, with false when it is to end instead. */
  mayListen(ready: ReadyMessage): Promise<boolean>;
  tell(message: FromWorker): void;
  /** Resolves when this worker is to end. */
  untilDrain(): Promise<void>;
  /** Lets the process end. */
  close(): void;
}

/**
 * To be called before the start. From then on signals do not end this process by themselves: a terminal or a service
 * manager sends them to the whole group, and it is the primary that says what they mean. Only a SIGTERM to this worker
 * alone begins the same orderly end.
 */
export function connectToPrimary(): WorkerLink {
  let listen: (may: boolean) => void = () => {};
  const mayListen = new Promise<boolean>((resolve) => {
    listen = resolve;
  });
  let drain = (): void => {};
  const drained = new Promise<void>((resolve) => {
    drain = resolve;
  });
  const end = (): void => {
    listen(false);
    drain();
  };
  process.on('message', (message: ToWorker) => (message.kind === 'listen' ? listen(true) : end()));
  process.on('SIGTERM', end);
  process.on('SIGINT', () => {});
  // Whatever it means to others who listen, it does not mean that calls in flight break off.
  process.on('SIGHUP', () => {});
  const tell = (message: FromWorker): void => void process.send?.(message);
  return {
    mayListen(ready) {
      tell(ready);
      return mayListen;
    },
    tell,
    untilDrain: () => drained,
    close: () => cluster.worker?.disconnect(),
  };
}
