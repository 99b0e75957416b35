/** One gateway has one set of metrics: whichever worker is scraped, the primary asks all of them. */
import type { FromWorker, ToWorker } from './worker-messages.ts';

type Families = readonly object[];

/** A worker that does not answer for so long is left out: a scrape has an end. */
const PATIENCE_MS = 2_000;

/** The primary's part. */
export interface MetricsGatherer {
  /** A worker asks; `tell` says it to that worker, `others` are all that listen, itself included. */
  gather(request: number, tell: (message: ToWorker) => void, others: readonly ((message: ToWorker) => void)[]): void;
  /** A worker has answered. */
  hear(message: Extract<FromWorker, { kind: 'own metrics' }>): void;
}

export function createMetricsGatherer(): MetricsGatherer {
  const open = new Map<number, { missing: number; processes: Families[]; finish: () => void }>();
  let last = 0;
  return {
    gather(request, tell, others) {
      last += 1;
      const id = last;
      const processes: Families[] = [];
      const finish = (): void => {
        clearTimeout(timer);
        if (open.delete(id)) tell({ kind: 'gathered metrics', request, processes });
      };
      const timer = setTimeout(finish, PATIENCE_MS);
      timer.unref();
      open.set(id, { missing: others.length, processes, finish });
      for (const ask of others) ask({ kind: 'tell metrics', request: id });
    },
    hear({ request, families }) {
      const waiting = open.get(request);
      if (waiting === undefined) return;
      waiting.processes.push(families);
      waiting.missing -= 1;
      if (waiting.missing === 0) waiting.finish();
    },
  };
}

/** A worker's part: asks the primary, and answers it. */
export interface MetricsExchange {
  gather(): Promise<readonly Families[]>;
  hear(message: Extract<ToWorker, { kind: 'tell metrics' | 'gathered metrics' }>): void;
}

export function createMetricsExchange(
  tell: (message: FromWorker) => void,
  collectOwn: () => Promise<Families>,
): MetricsExchange {
  const waiting = new Map<number, (processes: readonly Families[]) => void>();
  let last = 0;
  return {
    gather() {
      last += 1;
      const request = last;
      return new Promise((resolve) => {
        const finish = (processes: readonly Families[]): void => {
          clearTimeout(timer);
          if (waiting.delete(request)) resolve(processes);
        };
        // The primary has an answer sooner, unless it is gone: then this worker tells of itself.
        const timer = setTimeout(() => void collectOwn().then((own) => finish([own])), PATIENCE_MS * 2);
        waiting.set(request, finish);
        tell({ kind: 'gather metrics', request });
      });
    },
    hear(message) {
      if (message.kind === 'gathered metrics') waiting.get(message.request)?.(message.processes);
      else {
        const { request } = message;
        void collectOwn().then((families) => tell({ kind: 'own metrics', request, families }));
      }
    },
  };
}
