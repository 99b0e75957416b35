/**
 * The primary of `--workers N`: forks, watches, passes signals on, and does nothing else, so that it has no reason to end.
 * A configuration that is wrong it does not pass on, and says so once for all.
 * Workers share one port. They begin to listen together, when all are ready, so whoever gets an answer gets one from a
 * whole gateway.
 */
import cluster, { type Worker } from 'node:cluster';
import { problemsOf, REJECTED } from '../compose/reload.ts';
import { type Config, LOG_LEVELS } from '../config/config.ts';
import { describeMasterKey, describeStart } from './describe-start.ts';
import { type ConfigSource, followConfig } from './follow-config.ts';
import { forwardLines } from './forward-lines.ts';
import { createMetricsGatherer } from './gather-metrics.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/** A worker that lives for less has started in vain. */
const SHORT_LIFE_MS = 10_000;
const MAX_SHORT_LIVES = 10;
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5_000;
/** Longer than a worker takes to let its calls end and to ship its bills. */
const STOP_WITHIN_MS = 60_000;

/** Numbers of the levels in the log. */
const LEVELS = { warn: 40, error: 50 } as const;

interface Place {
  number: number;
  worker: Worker | null;
  state: 'starting' | 'ready' | 'listening';
  startedAtMs: number;
  /** How often in a row it has lived for a short time only. */
  shortLives: number;
  restart: NodeJS.Timeout | undefined;
}

/** Serves until SIGTERM or SIGINT. Rejects when a worker cannot start, cannot be kept alive, or does not end well. */
export function superviseWorkers(config: Config, source: ConfigSource): Promise<void> {
  return new Promise((resolve, reject) => {
    const places: Place[] = Array.from({ length: config.server.workers }, (_, index) => ({
      number: index + 1,
      worker: null,
      state: 'starting',
      startedAtMs: 0,
      shortLives: 0,
      restart: undefined,
    }));
    let newMasterKey: string | null = null;
    const recovery = { shipped: 0, unsettled: 0 };
    /** All have listened once. */
    let serving = false;
    let stopping = false;
    let failure: Error | null = null;
    const metrics = createMetricsGatherer();

    function log(level: keyof typeof LEVELS, message: string, fields: object): void {
      if (LOG_LEVELS.indexOf(config.log.level) < LOG_LEVELS.indexOf(level) || config.log.level === 'silent') return;
      const time = new Date().toISOString();
      process.stdout.write(`${JSON.stringify({ level: LEVELS[level], time, ...fields, msg: message })}\n`);
    }

    function start(place: Place): void {
      const worker = cluster.fork();
      place.worker = worker;
      place.state = 'starting';
      place.startedAtMs = Date.now();
      place.restart = undefined;
      forwardLines(worker.process.stdout, process.stdout);
      forwardLines(worker.process.stderr, process.stderr);
      worker.on('message', (message: FromWorker) => hear(place, message));
      worker.on('exit', (code, signal) => onExit(place, code, signal));
      // A worker that has just died cannot be told anything; its exit says the rest.
      worker.on('error', () => {});
    }

    function hear(place: Place, message: FromWorker): void {
      switch (message.kind) {
        case 'failed':
          failure ??= new Error(message.message);
          return;
        case 'ready':
          place.state = 'ready';
          newMasterKey ??= message.newMasterKey;
          recovery.shipped += message.recovery.shipped;
          recovery.unsettled += message.recovery.unsettled;
          if (stopping) return;
          if (serving) tell(place, { kind: 'listen' });
          else if (places.every(({ state }) => state === 'ready')) {
            for (const each of places) tell(each, { kind: 'listen' });
          }
          return;
        case 'listening':
          place.state = 'listening';
          if (serving || stopping || places.some(({ state }) => state !== 'listening')) return;
          serving = true;
          process.stdout.write(describeStart({ config, port: message.port, newMasterKey, recovery }));
          newMasterKey = null;
          return;
        case 'gather metrics': {
          const listening = places.filter(({ state, worker }) => state === 'listening' && worker?.isConnected());
          metrics.gather(
            message.request,
            (answer) => tell(place, answer),
            listening.map((each) => (question: ToWorker) => tell(each, question)),
          );
          return;
        }
        case 'own metrics':
          metrics.hear(message);
      }
    }

    function onExit(place: Place, code: number | null, signal: string | null): void {
      const pid = place.worker?.process.pid;
      place.worker = null;
      const reason = signal ?? `code ${code}`;
      if (stopping || !serving) {
        if (code !== 0) failure ??= new Error(`A worker ended with ${reason}.`);
        if (!stopping) stop();
        finish();
        return;
      }
      // What it says of itself counts as the reason of the end only while the gateway as a whole starts or ends.
      const why = failure?.message;
      failure = null;
      place.shortLives = Date.now() - place.startedAtMs < SHORT_LIFE_MS ? place.shortLives + 1 : 0;
      place.state = 'starting';
      // Those that serve go on, whatever keeps this one from starting (a database that is down, say).
      if (place.shortLives >= MAX_SHORT_LIVES && places.every(({ worker }) => worker === null)) {
        failure = new Error(`No worker stays alive: the last one ended with ${reason}.`);
        stop();
        finish();
        return;
      }
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** place.shortLives, LAST_PAUSE_MS);
      log('warn', 'a worker has ended and is started again', {
        worker: place.number,
        pid,
        reason,
        why,
        pause_ms: pauseMs,
      });
      place.restart = setTimeout(() => start(place), pauseMs);
    }

    function stop(): void {
      stopping = true;
      for (const place of places) {
        clearTimeout(place.restart);
        tell(place, { kind: 'drain' });
      }
      setTimeout(killAll, STOP_WITHIN_MS).unref();
    }

    function killAll(): void {
      for (const { worker } of places) worker?.process.kill('SIGKILL');
    }

    function finish(): void {
      if (places.some(({ worker }) => worker !== null)) return;
      // It is stored nowhere, so it is said also when the start has failed.
      if (newMasterKey !== null) process.stdout.write([...describeMasterKey(newMasterKey), '', ''].join('\n'));
      if (failure === null) resolve();
      else reject(failure);
    }

    function onSignal(): void {
      if (stopping) {
        killAll();
        process.exit(1);
      }
      stop();
      finish();
    }

    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    followConfig(source.files).begin(() => {
      try {
        source.load();
      } catch (error) {
        log('error', REJECTED, { problems: problemsOf(error) });
        return;
      }
      for (const { worker } of places) worker?.process.kill('SIGHUP');
    });
    cluster.setupPrimary({ silent: true });
    for (const place of places) start(place);
  });
}

function tell({ worker }: Place, message: ToWorker): void {
  if (worker?.isConnected()) worker.send(message);
}
