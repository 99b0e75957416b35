// Credentials of log destinations: taken once, kept sealed, and never shown again.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDestinationBox } from '../../../src/compose/secret-box.ts';
import { callGateway } from '../../support/call-gateway.ts';
import { type SeededApp, startSeededApp } from '../../support/seeded-app.ts';

const SECRET = 'sk-lf-0123456789-of-this-test';
const SALT = 'the-salt-of-this-test-0123456789';
const destination = (secret: string) => ({
  callback_name: 'langfuse',
  callback_type: 'success',
  callback_vars: {
    langfuse_public_key: 'pk-1',
    langfuse_secret_key: secret,
    langfuse_host: 'https://langfuse.invalid',
  },
});

let gateway: SeededApp;
beforeAll(async () => {
  gateway = await startSeededApp(async () => {}, { env: { LITELLM_SALT_KEY: SALT } });
});
afterAll(() => gateway.close());

const storedOf = async (keyId: string): Promise<string> => {
  const key = await gateway.storage.keys.find({ kind: 'key_id', keyId });
  const logging = (key?.metadata.logging ?? []) as { callback_vars: Record<string, string> }[];
  return logging[0]?.callback_vars.langfuse_secret_key ?? '';
};

async function newKey(secret = SECRET) {
  const body = { metadata: { logging: [destination(secret)] } };
  return (await callGateway(gateway, 'POST /key/generate', { body })).body;
}

describe('a credential of a log destination', () => {
  test('is stored in a form that only this installation opens', async () => {
    const { key_id } = await newKey();
    const stored = await storedOf(key_id);
    expect(stored).toMatch(/^sealed:v2:/);
    expect(createDestinationBox({ current: SALT, earlier: [] }).open(stored, 'langfuse_secret_key')).toBe(SECRET);
    expect(
      createDestinationBox({ current: 'another salt', earlier: [] }).open(stored, 'langfuse_secret_key'),
    ).toBeNull();
  });

  test('is in no answer, no audit row and no file', async () => {
    const { key, key_id, metadata } = await newKey();
    expect(metadata.logging[0].callback_vars.langfuse_secret_key).toMatch(/^\*{4}/);
    await callGateway(gateway, 'POST /key/update', {
      body: { key, metadata: { logging: [destination(`${SECRET}-2`)] } },
    });
    const { team_id } = (await callGateway(gateway, 'POST /team/new', { body: { team_alias: 'sealed' } })).body;
    await callGateway(gateway, `POST /team/${team_id}/callback`, { body: destination(SECRET) });
    const answers = [
      await callGateway(gateway, `GET /key/info?key=${key_id}`),
      await callGateway(gateway, 'GET /key/list?return_full_object=true'),
      await callGateway(gateway, `GET /team/info?team_id=${team_id}`),
      await callGateway(gateway, `GET /team/${team_id}/callback`),
      await callGateway(gateway, 'GET /audit?page_size=100'),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toContain(SECRET);
    }
    const files = (await readdir(gateway.dataDir, { recursive: true, withFileTypes: true })).filter((one) =>
      one.isFile(),
    );
    for (const { parentPath, name } of files) {
      expect((await readFile(join(parentPath, name))).includes(SECRET), name).toBe(false);
    }
  });

  test('stays as it is when its mask is sent back', async () => {
    const { key, key_id, metadata } = await newKey();
    const before = await storedOf(key_id);
    const body = { key, metadata: { ...metadata, app: 'changed' } };
    expect((await callGateway(gateway, 'POST /key/update', { body })).status).toBe(200);
    expect(await storedOf(key_id)).toBe(before);
  });

  test('cannot be taken from another’s row in its sealed form', async () => {
    const { key_id } = await newKey();
    const body = { metadata: { logging: [destination(await storedOf(key_id))] } };
    const answer = await callGateway(gateway, 'POST /key/generate', { body });
    expect(answer).toMatchObject({ status: 400, body: { error: { param: 'callback_vars.langfuse_secret_key' } } });
  });
});
