import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** One answer: when it was asked for, how long it took, and its status (0: none came). */
export interface Asked {
  kind: 'call' | 'liveness';
  beganAtMs: number;
  ms: number;
  status: number;
}

export interface SteadyClient {
  /** Ends it when its last answer is there, and says how everything went that it asked for. */
  stop(): Promise<Asked[]>;
}

const SCRIPT = fileURLToPath(new URL('./steady-client.mjs', import.meta.url));

/** Calls a model and asks for liveness at steady rates, from a process of its own (steady-client.mjs). */
export function startSteadyClient(options: {
  url: string;
  key: string;
  model: string;
  callsPerSecond: number;
  looksPerSecond: number;
}): SteadyClient {
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = text(child.stdout);
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    async stop() {
      child.stdin.end();
      return JSON.parse(await said);
    },
  };
}

/** How long they took, in milliseconds, for people to read. */
export function quantilesOf(asked: readonly Asked[]): { n: number; p50: number; p99: number; max: number } {
  const sorted = asked.map(({ ms }) => ms).sort((x, y) => x - y);
  const at = (part: number): number =>
    Math.round(10 * (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)) / 10;
  return { n: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** The same before, during and after something, of calls and of liveness. */
export function quantilesAround(asked: readonly Asked[], beganAtMs: number, endedAtMs: number) {
  const of = (kind: Asked['kind']) => {
    const between = (from: number, to: number) =>
      quantilesOf(asked.filter((one) => one.kind === kind && one.beganAtMs >= from && one.beganAtMs < to));
    return {
      before: between(0, beganAtMs),
      first_second: between(beganAtMs, beganAtMs + 1_000),
      later: between(beganAtMs + 1_000, endedAtMs),
      after: between(endedAtMs, Number.POSITIVE_INFINITY),
    };
  };
  return { calls: of('call'), liveness: of('liveness') };
}
