import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findSaltKeys, getSaltKeys, rotateSalt } from './salt-file.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'latchkey-salt-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const config = (over: { saltKey?: string; earlierSaltKeys?: string[] } = {}) => ({
  saltKey: null,
  earlierSaltKeys: [],
  server: { dataDir },
  ...over,
});

test('a rotation keeps the key before among the earlier ones, and both files are their owner’s alone', async () => {
  const first = await getSaltKeys(config());
  expect(first.earlier).toEqual([]);
  expect(await rotateSalt(dataDir)).toMatchObject({ replaced: first.current });
  const second = await getSaltKeys(config());
  expect(second).toEqual({ current: expect.stringMatching(/^[\w-]{43}$/), earlier: [first.current] });
  expect(second.current).not.toBe(first.current);
  await rotateSalt(dataDir);
  const third = await findSaltKeys(config());
  expect(third?.earlier).toEqual([second.current, first.current]);
  expect(readdirSync(dataDir).sort()).toEqual(['salt.key', 'salt.key.earlier']);
  for (const name of readdirSync(dataDir)) expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o600);
});

test('where a rotation was cut short, the key in use is not among the earlier ones', async () => {
  const { current } = await getSaltKeys(config());
  writeFileSync(join(dataDir, 'salt.key.earlier'), `${current}\nolder\n\n`);
  expect(await getSaltKeys(config())).toEqual({ current, earlier: ['older'] });
  await rotateSalt(dataDir);
  expect(readFileSync(join(dataDir, 'salt.key.earlier'), 'utf8')).toBe(`${current}\nolder\n`);
});

test('configured keys come with those of the file, and nothing is made for whoever only looks', async () => {
  expect(await findSaltKeys(config())).toBeNull();
  expect(await rotateSalt(dataDir)).toBeNull();
  writeFileSync(join(dataDir, 'salt.key.earlier'), 'from the file\n');
  const given = config({ saltKey: 'now', earlierSaltKeys: ['before', 'now'] });
  expect(await findSaltKeys(given)).toEqual({ current: 'now', earlier: ['before', 'from the file'] });
  expect(readdirSync(dataDir)).toEqual(['salt.key.earlier']);
});
