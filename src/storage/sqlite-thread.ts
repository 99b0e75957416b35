/**
 * This side of the thread that owns a SQLite connection (sqlite-worker.js): send a statement, get its rows. When the
 * thread dies, everything that waits for it fails as database_unavailable and the thread is never used again.
 */
import { Worker } from 'node:worker_threads';
import { databaseUnavailable } from './database-unavailable.ts';
import { translateSqliteFailure } from './sqlite-failure.ts';

export interface SqliteResult {
  rows: Record<string, unknown>[];
  changes: number;
}

export interface SqliteThread {
  execute(sql: string, params: readonly unknown[]): Promise<SqliteResult>;
  /** False once the thread has died or was closed. */
  alive(): boolean;
  close(): Promise<void>;
}

type Answer = { id: number } & ({ error: string } | { columns: string[]; rows: unknown[][]; changes: number });

interface Waiting {
  resolve(result: SqliteResult): void;
  reject(error: Error): void;
}

const YOUNG_GENERATION_MB = 4;

/** `onStart` gets the worker's hands on it as soon as it exists; tests use it to end the thread. */
export function startSqliteThread(
  file: string,
  pragmas: readonly string[],
  onStart?: (worker: Worker) => void,
): SqliteThread {
  const worker = new Worker(new URL('./sqlite-worker.js', import.meta.url), {
    workerData: { file, pragmas },
    // Rows are short-lived there; without the limit each thread keeps tens of megabytes for them.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let alive = true;

  function die(cause: unknown): void {
    alive = false;
    for (const { reject } of waiting.values()) reject(databaseUnavailable(cause));
    waiting.clear();
  }

  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      die(new Error(`The SQLite thread ended with code ${code}.`));
      resolve();
    });
  });
  worker.on('error', die);
  worker.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    // An open database alone does not keep the process alive; a statement under way does.
    if (waiting.size === 0) worker.unref();
    if (asked === undefined) return;
    if ('error' in answer) asked.reject(translateSqliteFailure(answer.error));
    else asked.resolve({ rows: toObjects(answer.columns, answer.rows), changes: answer.changes });
  });
  worker.unref();
  onStart?.(worker);

  return {
    alive: () => alive,
    execute(sql, params) {
      if (!alive) return Promise.reject(databaseUnavailable());
      return new Promise((resolve, reject) => {
        const id = ++lastId;
        if (waiting.size === 0) worker.ref();
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, sql, params });
      });
    },
    async close() {
      if (alive) worker.postMessage('close');
      alive = false;
      worker.ref();
      await exited;
    },
  };
}

function toObjects(columns: readonly string[], rows: readonly unknown[][]): Record<string, unknown>[] {
  return rows.map((row) => {
    const object: Record<string, unknown> = {};
    for (let index = 0; index < columns.length; index++) object[columns[index] ?? ''] = row[index];
    return object;
  });
}
