// The database of a LiteLLM installation (see litellm-database.sql), in the PostgreSQL of the test set-up.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

export const LITELLM_SALT_KEY = 'sk-salt-of-the-old-installation';
export const SEALED_CREDENTIAL = 'sk-upstream-credential-that-was-sealed';

/** The secret that a key of the fixture was given there. */
export function oldSecret(name: string): string {
  return `sk-old-${name}-0123456789`;
}

export function oldToken(name: string): string {
  return createHash('sha256').update(oldSecret(name)).digest('hex');
}

export async function createLitellmDatabase(apiBase: string): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const params = { model: seal('openai/sealed+usage-8-10'), api_base: seal(apiBase), api_key: seal(SEALED_CREDENTIAL) };
  await query(database.url, readFileSync(new URL('litellm-database.sql', import.meta.url), 'utf8'));
  await query(
    database.url,
    `insert into "LiteLLM_ProxyModelTable" (model_id, model_name, litellm_params, created_by, updated_by)
     values ('model-sealed', 'sealed-model', $1, 'admin', 'admin')`,
    [{ ...params, input_cost_per_token: 0, output_cost_per_token: 0.01 }],
  );
  return database;
}

// biome-ignore lint/suspicious/noExplicitAny: rows of any table.
export async function query(url: string, text: string, values?: unknown[]): Promise<any[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** As LiteLLM seals the parameters of its models. */
function seal(text: string): string {
  const nonce = randomBytes(24);
  const key = createHash('sha256').update(LITELLM_SALT_KEY).digest();
  const sealed = xsalsa20poly1305(key, nonce).encrypt(Buffer.from(text));
  return Buffer.concat([nonce, sealed]).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
