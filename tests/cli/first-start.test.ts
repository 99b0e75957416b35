import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFreePort } from '../support/free-port.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
let folder: string;
let occupier: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
});
afterEach(() => {
  occupier?.close();
  rmSync(folder, { recursive: true, force: true });
});

function serve(port: number) {
  const child = spawn(process.execPath, [MAIN, 'serve', '--port', String(port)], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    written.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    written.err += chunk;
  });
  return { child, written };
}

test('a first start that finds its port taken has made a master key, says which, and the next start has it', async () => {
  const taken = await findFreePort();
  occupier = createServer().listen(taken, '127.0.0.1');
  await once(occupier, 'listening');
  const first = serve(taken);
  const [code] = await once(first.child, 'close');
  expect(code).toBe(1);
  expect(first.written.err).toContain('EADDRINUSE');
  const masterKey = /^ {2}(sk-\S+)$/m.exec(first.written.out)?.[1];
  expect(masterKey).toBeDefined();

  const free = await findFreePort();
  const second = serve(free);
  const ended = once(second.child, 'close');
  while (!second.written.out.includes('listens on') && second.child.exitCode === null) await sleep(20);
  const answer = await fetch(`http://127.0.0.1:${free}/key/list`, {
    headers: { authorization: `Bearer ${masterKey}` },
  });
  second.child.kill('SIGTERM');
  expect(answer.status).toBe(200);
  expect((await ended)[0]).toBe(0);
  expect(second.written.out).not.toContain('Master key, shown');
});
