// The salt key is replaced as an operator does it, with real processes, and whatever was sealed under the one before goes
// on working. The short form is tests/cli/salt-key.test.ts.

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, expect, test } from 'vitest';
import { startGateway } from '../support/gateway-process.ts';
import { runLatchkey } from '../support/run-latchkey.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-salt-'));
const dataDir = join(folder, 'data');
const seen: string[] = [];
const langfuse = createServer((request, response) => {
  seen.push(String(request.headers.authorization));
  request
    .resume()
    .on('end', () =>
      response.writeHead(207, { 'content-type': 'application/json' }).end('{"successes":[],"errors":[]}'),
    );
});
afterAll(() => {
  langfuse.close();
  rmSync(folder, { recursive: true, force: true });
});

const statusOf = async () =>
  JSON.parse((await runLatchkey(['salt-key', 'status', '--json', '--data-dir', dataDir])).out);

/** Every text of the tables that hold what was sealed. */
function storedTexts(): string {
  const database = new DatabaseSync(join(dataDir, 'latchkey.sqlite'), { readOnly: true });
  const tables = ['keys', 'teams', 'models', 'alerts', 'audit_log', 'changes', 'settings', 'idempotency'];
  const rows = tables.map((table) => JSON.stringify(database.prepare(`select * from ${table}`).all()));
  database.close();
  return rows.join('\n');
}

test.runIf(process.env.CHAOS_ROUNDS !== undefined)(
  'rotate, restart, remove the earlier key: credentials work throughout, and the audit log is whole',
  async () => {
    await new Promise<void>((resolve) => langfuse.listen(0, '127.0.0.1', resolve));
    const host = `http://127.0.0.1:${(langfuse.address() as AddressInfo).port}`;
    const nothing = await runLatchkey(['salt-key', 'rotate', '--data-dir', dataDir]);
    expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining('There is no salt.key') });

    const config = { general_settings: { log_destination_allowed_hosts: ['127.0.0.1'] } };
    const gateway = await startGateway({ config, dataDir });
    const vars = { langfuse_public_key: 'pk-1', langfuse_secret_key: 'sk-lf-of-this-test', langfuse_host: host };
    const logging = [{ callback_name: 'langfuse', callback_type: 'success', callback_vars: vars }];
    const again = { 'idempotency-key': 'once' };
    const made = await gateway.admin('/key/generate', { key_alias: 'logged', metadata: { logging } });
    const once = await gateway.admin('/key/generate', { key_alias: 'once' }, again);
    await gateway.admin('/model/new', {
      model_name: 'stored',
      litellm_params: { model: 'openai/stored', mock_response: 'from the database', api_key: 'sk-provider' },
    });
    const key = made.body.key as string;
    const mask = made.body.metadata.logging[0].callback_vars.langfuse_secret_key as string;

    const works = async () => {
      const withKey = { authorization: `Bearer ${key}` };
      const chat = { model: 'stored', messages: [{ role: 'user', content: 'Hi' }] };
      const answer = await gateway.admin('/v1/chat/completions', chat, withKey);
      expect(answer.body.choices?.[0].message.content).toBe('from the database');
      seen.length = 0;
      expect((await gateway.admin('/key/health', {}, withKey)).body.logging_callbacks.status).toBe('healthy');
      expect(seen).toEqual([`Basic ${Buffer.from('pk-1:sk-lf-of-this-test').toString('base64')}`]);
    };
    await works();
    const before = storedTexts().match(/sealed:v2:[\w:.-]+/g) ?? [];
    expect(new Set(before).size).toBe(2);

    const rotated = await runLatchkey(['salt-key', 'rotate', '--data-dir', dataDir]);
    expect(rotated).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^The salt key is [0-9a-f]{16} now; [0-9a-f]{16} is kept/),
    });
    expect(rotated.err).toContain('1. Restart the gateway');
    const earlierFile = join(dataDir, 'salt.key.earlier');
    expect(statSync(earlierFile).mode & 0o777).toBe(0o600);
    expect(await statusOf()).toMatchObject({ under_earlier_keys: 2, cannot_be_opened: 0 });

    await gateway.restart();
    await works();
    let status = await statusOf();
    for (let look = 0; status.to_be_sealed_again > 0 && look < 100; look++) {
      await sleep(100);
      status = await statusOf();
    }
    expect(status).toMatchObject({ to_be_sealed_again: 0, under_earlier_keys: 0, cannot_be_opened: 0 });
    const credentials = status.sealed.filter(({ purpose }: { purpose: string }) => purpose !== 'audit log');
    expect(credentials.map(({ purpose, key, count }: Record<string, unknown>) => [purpose, key, count])).toEqual([
      ['models', 'current', 1],
      ['log destinations', 'current', 1],
    ]);
    const stored = storedTexts();
    for (const text of new Set(before)) expect(stored.includes(text), text).toBe(false);
    // A repeated request is shown the secret that it was shown before.
    expect((await gateway.admin('/key/generate', { key_alias: 'once' }, again)).body.key).toBe(once.body.key);
    // A mask that was read before the rotation still stands for the credential.
    const repeated = [{ ...logging[0], callback_vars: { ...vars, langfuse_secret_key: mask } }];
    const updated = await gateway.admin('/key/update', { key, metadata: { logging: repeated, app: 'mine' } });
    expect(updated.status).toBe(200);
    await works();
    expect((await runLatchkey(['audit', 'verify', '--data-dir', dataDir])).code).toBe(0);

    const earlier = readFileSync(earlierFile, 'utf8');
    rmSync(earlierFile);
    await gateway.restart();
    await works();
    const told = await runLatchkey(['salt-key', 'status', '--data-dir', dataDir]);
    expect(told).toMatchObject({ code: 0, err: 'Every credential is sealed under the salt key.\n' });
    expect(told.out).toMatch(/^rows of the audit log +[0-9a-f]{16} +not here +\d+$/m);
    expect(await gateway.stop()).toBe(0);
    expect(gateway.logs()).not.toContain('The audit log did not end as it should have');
    const secrets = [earlier.trim(), readFileSync(join(dataDir, 'salt.key'), 'utf8').trim()];
    for (const secret of secrets)
      expect(gateway.logs() + rotated.out + rotated.err + told.out + stored).not.toContain(secret);
    expect((await runLatchkey(['audit', 'verify', '--data-dir', dataDir])).out).toContain('foreign_seal');
    const withEarlier = await runLatchkey(['audit', 'verify', '--data-dir', dataDir], {
      LATCHKEY_EARLIER_SALT_KEYS: earlier.trim(),
    });
    expect(withEarlier.code).toBe(0);
  },
  60_000,
);
