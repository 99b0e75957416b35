import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createPasswordCommand } from './password-command.ts';

test('the password is what the command prints, without the line end', async () => {
  expect(await createPasswordCommand("printf ' a b \\n'")()).toBe(' a b ');
  expect(await createPasswordCommand('echo one | tr a-z A-Z')()).toBe('ONE');
});

test('connections of one moment share an answer, later ones get another', async () => {
  let nowMs = 0;
  const ask = createPasswordCommand('date +%s%N; ', () => nowMs);
  const [first, second] = await Promise.all([ask(), ask()]);
  expect(second).toBe(first);
  nowMs = 999;
  expect(await ask()).toBe(first);
  nowMs = 1_000;
  expect(await ask()).not.toBe(first);
});

test.each([
  ['exit 3', /ended with 3/],
  ['true', /printed nothing/],
])('%s is an error that repeats nothing of what was printed', async (end, message) => {
  const command = end === 'true' ? end : `echo hunter2; echo hunter3 >&2; ${end}`;
  const failure = await createPasswordCommand(command)().catch((error: Error) => error);
  expect(failure).toBeInstanceOf(Error);
  expect((failure as Error).message).toMatch(message);
  expect(`${(failure as Error).stack} ${JSON.stringify(failure)}`).not.toMatch(/hunter/);
});

test('a failure is not kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-password-'));
  const ask = createPasswordCommand(`cat ${folder}/password`, () => 0);
  await expect(ask()).rejects.toThrow();
  writeFileSync(join(folder, 'password'), 'now\n');
  expect(await ask()).toBe('now');
  rmSync(folder, { recursive: true });
});
