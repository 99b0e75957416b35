import cluster from 'node:cluster';
import { createMetricsExchange, type MetricsExchange } from './gather-metrics.ts';
import type { FromWorker, ReadyMessage, ToWorker } from './worker-messages.ts';

/** A worker's line to its primary. */
export interface WorkerLink {
  /** Resolves with true when all workers are ready and this one may listen, with false when it is to end instead. */
  mayListen(ready: ReadyMessage): Promise<boolean>;
  tell(message: FromWorker): void;
  /** From now on the primary is told this worker's metrics when it asks. Returns how to ask for those of all workers. */
  shareMetrics(collectOwn: () => Promise<readonly object[]>): MetricsExchange['gather'];
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
  let metrics: MetricsExchange | null = null;
  process.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'listen':
        return listen(true);
      case 'drain':
        return end();
      case 'tell metrics':
      case 'gathered metrics':
        return metrics?.hear(message);
    }
  });
  process.on('SIGTERM', end);
  process.on('SIGINT', () => {});
  const tell = (message: FromWorker): void => void process.send?.(message);
  return {
    mayListen(ready) {
      tell(ready);
      return mayListen;
    },
    tell,
    shareMetrics(collectOwn) {
      metrics = createMetricsExchange(tell, collectOwn);
      return metrics.gather;
    },
    untilDrain: () => drained,
    close: () => cluster.worker?.disconnect(),
  };
}
