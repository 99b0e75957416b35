// `latchkey audit` as an operator runs it: beside a running gateway and after it has stopped, on SQLite and PostgreSQL.

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { createTestDatabase } from '../support/postgres.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'latchkey-audit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Exit code, standard output and standard error of a command. */
function latchkey(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH ?? '', ...env } };
    execFile(process.execPath, [MAIN, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

const WHOLE = /^The audit log is as it was written: \d+ rows, head hash [0-9a-f]{64}\n$/;

describe('on SQLite', () => {
  let gateway: GatewayProcess;
  let dataDir: string;
  let checkpoint: string;
  beforeAll(async () => {
    dataDir = join(folder, 'data');
    gateway = await startGateway({ config: {}, dataDir });
    for (let number = 0; number < 20; number++) await gateway.newKey({ key_alias: `key ${number}` });
    checkpoint = join(folder, 'checkpoint.json');
    const made = await latchkey(['audit', 'checkpoint', '--data-dir', dataDir]);
    writeFileSync(checkpoint, made.out);
    for (let number = 20; number < 25; number++) await gateway.newKey({ key_alias: `key ${number}` });
  });
  afterAll(() => gateway.stop());

  const verify = (dir = dataDir, ...args: string[]) => latchkey(['audit', 'verify', '--data-dir', dir, ...args]);
  /** A copy of the stopped gateway's data, to do things to. */
  const damage = (name: string, ...statements: string[]): string => {
    const copy = join(folder, name);
    cpSync(dataDir, copy, { recursive: true });
    const database = new DatabaseSync(join(copy, 'latchkey.sqlite'));
    for (const statement of statements) database.exec(statement);
    database.close();
    return copy;
  };

  test('a running gateway’s log is whole, and contains its checkpoints', async () => {
    expect(await verify()).toMatchObject({ code: 0, out: expect.stringMatching(WHOLE), err: '' });
    const { code, out } = await verify(dataDir, '--checkpoint', checkpoint);
    expect([code, out]).toEqual([0, expect.stringMatching(/It contains the checkpoint of .*, row 20\.\n$/)]);
    const answered = await gateway.admin('/audit/checkpoint');
    writeFileSync(join(folder, 'answered.json'), JSON.stringify(answered.body));
    expect((await verify(dataDir, '--checkpoint', join(folder, 'answered.json'))).code).toBe(0);
  });

  test('so is a stopped one’s, and what was done to it is found and located', async () => {
    await gateway.stop();
    const { code, out } = await verify(dataDir, '--json');
    const report = JSON.parse(out);
    expect([code, report]).toMatchObject([0, { ok: true, rows: 25, seals_checked: true, faults: [] }]);

    const update = damage('update', `update audit_log set changed_by = 'mallory' where seq = 7`);
    const remove = damage('remove', 'delete from audit_log where seq = 7');
    const swap = damage(
      'swap',
      'update audit_log set seq = 99 where seq = 7',
      'update audit_log set seq = 7 where seq = 8',
      'update audit_log set seq = 8 where seq = 99',
    );
    const tail = damage('tail', 'delete from audit_log where seq > 23');
    const head = damage(
      'head',
      'delete from audit_log where seq > 23',
      'update audit_head set seq = 23, hash = (select hash from audit_log where seq = 23)',
    );
    for (const [copy, line] of [
      [update, /^changed_row +7 +audit_\w+ +row 7 was changed$/m],
      [remove, /^missing_rows +7 +- +row 7 is missing$/m],
      [swap, /^swapped_rows +7-8 +audit_\w+ +rows 7 and 8 were swapped$/m],
      [tail, /^cut_tail +24-25 +- +rows 24 to 25 at the end of the log are missing$/m],
      [head, /^wrong_head +23 +- +no gateway has written the head/m],
    ] as const) {
      const found = await verify(copy);
      expect(found).toMatchObject({ code: 1, out: expect.stringMatching(line), err: 'There is 1 fault.\n' });
    }
    const json = await verify(update, '--json');
    expect([json.code, JSON.parse(json.out)]).toMatchObject([
      1,
      { ok: false, faults: [{ kind: 'changed_row', seq: 7 }] },
    ]);
  });

  test('without the salt key only hashes are looked at, and it says so; a checkpoint then still finds a cut', async () => {
    const cut = damage(
      'no-salt',
      'delete from audit_log where seq > 15',
      'update audit_head set seq = 15, hash = (select hash from audit_log where seq = 15)',
    );
    rmSync(join(cut, 'salt.key'));
    expect(await verify(cut)).toMatchObject({ code: 0, err: expect.stringContaining('Only hashes were looked at') });
    const found = await verify(cut, '--checkpoint', checkpoint);
    expect([found.code, found.out]).toEqual([1, expect.stringMatching(/^checkpoint +20 +- +the checkpoint of/m)]);
  });

  test('a checkpoint of another installation, or none at all, proves nothing', async () => {
    const other = join(folder, 'other');
    await latchkey(['migrate', '--data-dir', other]);
    const foreign = join(folder, 'foreign.json');
    writeFileSync(foreign, (await latchkey(['audit', 'checkpoint', '--data-dir', other])).out);
    const found = await verify(dataDir, '--checkpoint', foreign);
    expect([found.code, found.out]).toEqual([1, expect.stringContaining('is not signed by this installation')]);
    writeFileSync(foreign, '{}');
    expect((await verify(dataDir, '--checkpoint', foreign)).code).toBe(1);
  });

  test('another salt key is told from damage, and the earlier one vouches for its rows when it is named', async () => {
    const copy = damage('rekeyed');
    const env = { LATCHKEY_SALT_KEY: 'another salt key, set later' };
    const found = await latchkey(['audit', 'verify', '--data-dir', copy], env);
    expect([found.code, found.out]).toEqual([1, expect.stringMatching(/^foreign_seal +1-25 /m)]);
    const named = ['audit', 'verify', '--data-dir', copy, '--earlier-salt-file', join(copy, 'salt.key')];
    expect((await latchkey(named, env)).code).toBe(0);
    // The gateway goes on under the new key, and the log tells.
    const later = await startGateway({ config: {}, dataDir: copy, env });
    await later.newKey();
    await later.stop();
    expect(await latchkey(named, env)).toMatchObject({ code: 0, out: expect.stringContaining('27 rows') });
  });

  test('where there is no log, there is no good result', async () => {
    const nowhere = await latchkey(['audit', 'verify', '--data-dir', join(folder, 'nowhere')]);
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('There is no database')]);
  });
});

test('on PostgreSQL the log is verified by DATABASE_URL, beside the gateway and after it', async () => {
  const database = await createTestDatabase();
  const env = { DATABASE_URL: database.url };
  const dataDir = join(folder, 'postgres');
  const gateway = await startGateway({ config: {}, dataDir, env });
  await gateway.newKey();
  await gateway.newKey();
  expect(await latchkey(['audit', 'verify', '--data-dir', dataDir], env)).toMatchObject({
    code: 0,
    out: expect.stringMatching(WHOLE),
    err: '',
  });
  await gateway.stop();
  expect((await latchkey(['audit', 'verify', '--data-dir', dataDir], env)).code).toBe(0);
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query(`update audit_log set changed_by = 'mallory' where seq = 1`);
  await client.query('delete from audit_log where seq = 2');
  await client.end();
  expect(await latchkey(['audit', 'verify', '--data-dir', dataDir], env)).toMatchObject({
    code: 1,
    out: expect.stringMatching(
      /^changed_row +1 +audit_\w+ +row 1 was changed\ncut_tail +2 +- +row 2 at the end of the log is missing$/m,
    ),
    err: 'There are 2 faults.\n',
  });
  await database.drop();
  expect((await latchkey(['audit', 'verify', '--data-dir', dataDir], env)).code).toBe(1);
}, 90_000);
