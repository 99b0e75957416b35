import { createCipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { expect, test } from 'vitest';
import { createLitellmOpener } from './litellm-secret.ts';

const KEY = 'sk-salt-key';
const CREDENTIAL = 'sk-of-an-upstream/with+signs';
const digest = createHash('sha256').update(KEY).digest();

function sealBox(text: string): Buffer {
  const nonce = randomBytes(24);
  return Buffer.concat([nonce, xsalsa20poly1305(digest, nonce).encrypt(Buffer.from(text))]);
}

function sealGcm(version: string, key: Buffer): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const bytes = Buffer.concat([nonce, cipher.update(CREDENTIAL, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${version}:gcm:${bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_')}`;
}

const FORMS = {
  'the oldest form': sealBox(CREDENTIAL).toString('base64'),
  'the same for addresses': sealBox(CREDENTIAL).toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
  'the second form': sealGcm('v2', digest),
  'the third form': sealGcm('v3', Buffer.from(hkdfSync('sha256', KEY, '', 'litellm-at-rest-v3', 32))),
};

test.each(Object.entries(FORMS))('%s is opened with the key that sealed it, and with no other', (_, sealed) => {
  expect(createLitellmOpener(KEY)(sealed)).toEqual({ kind: 'opened', text: CREDENTIAL });
  expect(createLitellmOpener('another')(sealed)).toEqual({ kind: 'sealed' });
  expect(createLitellmOpener(null)(sealed)).toEqual({ kind: 'sealed' });
});

test.each(['openai/gpt-4o', 'https://api.example.com/v1', 'os.environ/OPENAI_API_KEY', '', 'short', '2024-10-21'])(
  '%j was not sealed',
  (text) => {
    expect(createLitellmOpener(KEY)(text)).toEqual({ kind: 'plain', text });
  },
);
