import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDirectory } from './directory-lock.ts';
import { readOwnIdentity } from './process-identity.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const lock = (onLost = () => {}) => lockDirectory({ directory, nowMs: Date.now, onLost, beatMs: 5 });

function leaveLock(number: number, owner: object | string): void {
  writeFileSync(
    join(directory, `lock-${String(number).padStart(6, '0')}`),
    typeof owner === 'string' ? owner : JSON.stringify(owner),
  );
}

test('is held by one at a time and free again once released', async () => {
  const first = await lock();
  await expect(lock()).rejects.toThrow(`pid ${process.pid}`);
  first.release();
  (await lock()).release();
});

test('is taken over from a process that is gone, and from an earlier one with the same pid', async () => {
  const own = readOwnIdentity();
  leaveLock(1, { ...own, pid: 2 ** 22 + 1 });
  const second = await lock();
  second.release();
  leaveLock(7, { ...own, started: '1' });
  await lock();
  expect(readdirSync(directory)).toEqual(['lock-000008']);
  expect(JSON.parse(readFileSync(join(directory, 'lock-000008'), 'utf8'))).toEqual(own);
});

test('of several that find the same dead owner exactly one gets it', async () => {
  leaveLock(1, { ...readOwnIdentity(), scope: 'elsewhere' });
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lock()));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test.each([['{"scope":"elsewhere","pid":1,"started":"1"}'], [''], ['{}']])(
  'of an owner that cannot be looked up (%s) it is taken only when nothing stirs',
  async (content) => {
    leaveLock(1, content);
    const path = join(directory, 'lock-000001');
    let beats = 0;
    const beating = setInterval(() => utimesSync(path, ++beats, beats), 1);
    await expect(lock()).rejects.toThrow('in use by another running process');
    clearInterval(beating);
    await expect(lock()).resolves.toBeDefined();
  },
);

test('an owner that stood still too long learns that it has lost it', async () => {
  const lost = new Promise<void>((resolve) => {
    void lock(resolve).then(() => {
      leaveLock(2, 'another');
      rmSync(join(directory, 'lock-000001'));
    });
  });
  await lost;
});
