import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Behavior } from './fake-upstream-rules.mjs';
import type { BillEntry } from './fake-upstream-send.mjs';
import type { FakeStats, SeenRequest } from './fake-upstream-server.mjs';

export type { Behavior } from './fake-upstream-rules.mjs';
export type { BillEntry } from './fake-upstream-send.mjs';
export type { FakeStats, FakeUpstream, FakeUpstreamOptions, SeenRequest } from './fake-upstream-server.mjs';
export { startFakeUpstream } from './fake-upstream-server.mjs';

/** A fake upstream in a process of its own, which goes on while the gateway under test is killed. */
export interface FakeUpstreamProcess {
  url: string;
  apiBase: string;
  pid: number;
  set(behavior: Partial<Behavior>): Promise<void>;
  queue(...rules: string[]): Promise<void>;
  bill(): Promise<BillEntry[]>;
  requests(): Promise<SeenRequest[]>;
  stats(): Promise<FakeStats>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one and resolves when it listens. It ends with `close()`, or when this process does. */
export async function spawnFakeUpstream(options: { port?: number } = {}): Promise<FakeUpstreamProcess> {
  const script = fileURLToPath(new URL('./fake-upstream-server.mjs', import.meta.url));
  const port = options.port === undefined ? [] : ['--port', String(options.port)];
  const child = spawn(process.execPath, [script, '--until-stdin-ends', ...port], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), exited.then(() => null)]);
  if (first === null) throw new Error('The fake upstream ended before it listened');
  const { url } = JSON.parse(String(first[0])) as { url: string };

  const ask = async (path: string, body?: unknown) => {
    const response = await fetch(
      `${url}/__fake/${path}`,
      body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) },
    );
    if (!response.ok) throw new Error(`The fake upstream answered ${response.status} for ${path}`);
    return response.json();
  };
  return {
    url,
    apiBase: `${url}/v1`,
    pid: child.pid as number,
    set: async (behavior) => void (await ask('set', behavior)),
    queue: async (...rules) => void (await ask('queue', rules)),
    bill: () => ask('bill') as Promise<BillEntry[]>,
    requests: () => ask('requests') as Promise<SeenRequest[]>,
    stats: () => ask('stats') as Promise<FakeStats>,
    reset: async () => void (await ask('reset', null)),
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
