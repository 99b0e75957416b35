// An unprivileged user on a file system that it cannot write to, but for the data directory.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFreePort } from '../support/free-port.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** Nobody's on any machine. */
const USER = 54_321;
const MASTER_KEY = 'sk-master-0123456789abcdef0123';
const CONFIG = `general_settings: {master_key: ${MASTER_KEY}}
model_list: [{model_name: mock, litellm_params: {model: openai/mock, mock_response: hi}}]
`;

let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

// Only root can become somebody else.
test.skipIf(process.getuid?.() !== 0)('nothing but the data directory is written to', { timeout: 90_000 }, async () => {
  const data = join(folder, 'data');
  const temporary = join(folder, 'tmp');
  const config = join(folder, 'config.yaml');
  mkdirSync(data, { mode: 0o700 });
  chownSync(data, USER, USER);
  mkdirSync(temporary);
  writeFileSync(config, CONFIG);
  chmodSync(folder, 0o755);
  chmodSync(temporary, 0o555);
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const flags = ['--config', config, '--port', String(port), '--data-dir', data];
  let log = '';
  child = spawn(process.execPath, [MAIN, 'serve', ...flags], {
    cwd: folder,
    uid: USER,
    gid: USER,
    env: { PATH: process.env.PATH ?? '', TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      log += chunk;
    });
  }
  const ask = async (path: string, body?: object) => {
    const headers = { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' };
    const answer = await fetch(
      url + path,
      body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) },
    );
    await answer.arrayBuffer();
    return answer.status;
  };
  await expect.poll(() => ask('/health/readiness').catch(() => log), { timeout: 60_000 }).toBe(200);
  // It cannot even have written to its own package: that is root's, as is the folder that it runs in.
  expect(statSync(MAIN).uid).toBe(0);
  expect(await ask('/key/generate', {})).toBe(200);
  expect(await ask('/v1/chat/completions', { model: 'mock', messages: [{ role: 'user', content: 'Hi' }] })).toBe(200);
  expect(await ask('/docs')).toBe(200);
  writeFileSync(config, `${CONFIG}router_settings: {num_retries: 1}\n`);
  child.kill('SIGHUP');
  await expect.poll(() => log, { timeout: 20_000 }).toContain('The configuration was loaded again');
  child.kill('SIGTERM');
  const [code] = await exited;
  expect([code, log]).toEqual([0, expect.any(String)]);

  expect(readdirSync(data).sort()).toEqual(expect.arrayContaining(['journal', 'latchkey.sqlite', 'salt.key']));
  expect(readdirSync(folder).sort()).toEqual(['config.yaml', 'data', 'tmp']);
  expect(readdirSync(temporary)).toEqual([]);
  const elsewhere = ['/tmp', '/var/tmp', '/dev/shm'].flatMap((place) => {
    const { stdout } = spawnSync('find', [place, '-maxdepth', '2', '-uid', String(USER)], { encoding: 'utf8' });
    return stdout.split('\n').filter((line) => line !== '' && line !== data);
  });
  expect(elsewhere).toEqual([]);
});
