import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadHook } from './load-hook.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-hook-'));
  const files = {
    'default.mjs': 'export default () => "default"; export const other = () => "other";',
    'single.mjs': 'export const decide = () => "single"; export const limit = 5;',
    'two.mjs': 'export const a = () => "a"; export const b = () => "b";',
    'none.mjs': 'export const limit = 5;',
    'broken.mjs': 'export default (',
  };
  for (const [name, source] of Object.entries(files)) await writeFile(join(folder, name), source);
});

afterAll(() => rm(folder, { recursive: true }));

test.each([
  ['default.mjs', 'default'],
  ['default.mjs#other', 'other'],
  ['single.mjs', 'single'],
  ['two.mjs#b', 'b'],
])('%s is found', async (setting, answer) => {
  const hook = await loadHook(join(folder, setting), 'custom_key_generate');
  expect(hook()).toBe(answer);
});

test.each([
  ['two.mjs', 'needs a default export'],
  ['none.mjs', 'needs a default export'],
  ['two.mjs#c', 'exports no function c'],
  ['absent.mjs', 'cannot be loaded'],
  ['broken.mjs', 'cannot be loaded'],
])('%s is refused in a sentence that names it', async (setting, words) => {
  await expect(loadHook(join(folder, setting), 'custom_key_generate')).rejects.toThrow(
    new RegExp(`^custom_key_generate: .*${setting.split('#')[0]}.*${words}`),
  );
});
