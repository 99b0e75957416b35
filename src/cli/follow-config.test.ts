import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ConfigFollower, describeFile, followConfig } from './follow-config.ts';

let folder: string;
let follower: ConfigFollower;
let changes: number;
const before = process.listeners('SIGHUP');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-follow-'));
  changes = 0;
});
afterEach(() => {
  follower.stop();
  for (const listener of process.listeners('SIGHUP')) {
    if (!before.includes(listener)) process.off('SIGHUP', listener);
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Reads the files, and again whenever they change. */
function follow(files: string[]): void {
  let read = new Map<string, string>();
  const load = () => {
    read = new Map(files.map((file) => [file, describeFile(file)]));
  };
  load();
  follower = followConfig(() => read);
  follower.begin(() => {
    load();
    changes += 1;
  });
}
const changed = (times: number) => expect.poll(() => changes, { timeout: 10_000 }).toBe(times);
/** Long enough for the files to have been looked at once. */
const looked = () => sleep(1_200);

test('a file that is written anew, replaced by renaming, or appears has changed; one that stands still has not', async () => {
  const main = join(folder, 'config.yaml');
  const included = join(folder, 'included.yaml');
  writeFileSync(main, 'a');
  follow([main, included]);
  await looked();
  expect(changes).toBe(0);
  writeFileSync(main, 'b');
  await changed(1);
  writeFileSync(`${main}.new`, 'b');
  renameSync(`${main}.new`, main);
  await changed(2);
  writeFileSync(included, 'c');
  await changed(3);
  await looked();
  expect(changes).toBe(3);
});

test('a folder that is swapped behind a symbolic link, as Kubernetes does it, is noticed', async () => {
  for (const name of ['first', 'second']) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'config.yaml'), 'same');
  }
  symlinkSync('first', join(folder, '..data'));
  symlinkSync(join('..data', 'config.yaml'), join(folder, 'config.yaml'));
  follow([join(folder, 'config.yaml')]);
  await looked();
  symlinkSync('second', join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  await changed(1);
});

test('SIGHUP does not end the process; one that comes too early is heeded later', async () => {
  follower = followConfig(null);
  process.kill(process.pid, 'SIGHUP');
  await sleep(50);
  follower.begin(() => {
    changes += 1;
  });
  expect(changes).toBe(1);
  process.kill(process.pid, 'SIGHUP');
  await changed(2);
});
