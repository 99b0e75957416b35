import { expect, test } from 'vitest';
import { createCheckpointSigner, isSignedBy, keyIdOf, parseCheckpoint } from './audit-checkpoint.ts';

const signer = createCheckpointSigner('the salt of this test');
const checkpoint = signer.sign({ seq: 7, hash: 'ab'.repeat(32), atMs: Date.UTC(2026, 0, 1) });

test('a checkpoint is signed by the installation, whichever of its processes makes it', () => {
  expect(checkpoint).toMatchObject({ seq: 7, at: '2026-01-01T00:00:00.000Z', public_key: signer.publicKey });
  expect(isSignedBy(checkpoint, createCheckpointSigner('the salt of this test').publicKey)).toBe(true);
  expect(checkpoint.public_key_id).toBe(keyIdOf(signer.publicKey));
});

test.each([
  ['seq', { seq: 8 }],
  ['hash', { hash: 'ba'.repeat(32) }],
  ['at', { at: '2026-01-01T00:00:00.001Z' }],
  ['signature', { signature: `A${checkpoint.signature.slice(1)}` }],
])('a changed %s is not signed', (_field, fields) => {
  expect(isSignedBy({ ...checkpoint, ...fields }, signer.publicKey)).toBe(false);
});

test('nobody without the salt key signs for the installation', () => {
  const other = createCheckpointSigner('another salt');
  expect(isSignedBy(other.sign({ seq: 7, hash: checkpoint.hash, atMs: 0 }), signer.publicKey)).toBe(false);
  expect(isSignedBy(checkpoint, 'no key at all')).toBe(false);
});

test('a checkpoint comes back from its file, and nothing else is taken for one', () => {
  expect(parseCheckpoint(JSON.stringify(checkpoint, null, 2))).toEqual(checkpoint);
  for (const text of ['', 'null', '[]', '{}', JSON.stringify({ ...checkpoint, seq: 'x' }), '{"type":"other"}']) {
    expect(parseCheckpoint(text)).toBeNull();
  }
});
