import { describe, expect, test } from 'vitest';
import { NO_STANDING } from '../core/call-path.ts';
import type { Caller } from '../core/caller.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { KeyRecord } from '../core/key.ts';
import { mintSecret, sha256Hex } from '../core/key-secret.ts';
import type { ActiveKey } from '../storage/storage.ts';
import { type IdentifyDeps, identifyCaller } from './identify-caller.ts';
import { createMasterKeyCheck } from './master-key.ts';

const NOW = 1_800_000_000_000;
const MASTER = 'sk-the-master-key-of-this-test';
const SECRET = 'sk-AAAAAAAAAAAAAAAAAAAAAA';
const MADE = mintSecret(new Uint8Array(16).fill(7)).secret;
const GRACE = 'sk-BBBBBBBBBBBBBBBBBBBBBB';

const record = { keyId: 'key_1', userId: 'ada', blocked: null, expiresAtMs: null, deletedAtMs: null } as KeyRecord;

function setUp(active: Partial<Record<string, ActiveKey>> = {}, later = false) {
  const looked: string[] = [];
  const deps: IdentifyDeps = {
    keyCache: {
      lookup(hash) {
        looked.push(hash);
        const found = active[hash];
        return later ? Promise.resolve(found) : found;
      },
    },
    owners: { standingOf: () => NO_STANDING },
    isMasterKeyHash: createMasterKeyCheck([sha256Hex(MASTER)]).isMasterKeyHash,
    changesHeard: () => 7,
    whenCurrent: () => undefined,
    nowMs: () => NOW,
    keyHeaderName: null,
  };
  const identify = (secret: string) => identifyCaller({ authorization: `Bearer ${secret}` }, deps);
  return { identify, looked };
}

function activeKey(secret: string, key: Partial<KeyRecord> = {}, revokedAtMs: number | null = null) {
  const hash = sha256Hex(secret);
  return {
    [hash]: { key: { ...record, ...key }, secret: { hash, keyId: 'key_1', createdAtMs: 0, revokedAtMs } },
  };
}

describe('the caller', () => {
  test('is known without waiting when the key is in the cache', () => {
    const { identify } = setUp(activeKey(SECRET));
    expect(identify(SECRET)).toEqual({
      kind: 'key',
      role: 'unknown',
      userId: 'ada',
      secretHash: sha256Hex(SECRET),
      endsAtMs: null,
      sessionId: null,
      asOf: 7,
      key: record,
      ...NO_STANDING,
    });
  });

  test('is known after a look-up when it is not', async () => {
    const { identify } = setUp(activeKey(SECRET), true);
    await expect(identify(SECRET)).resolves.toMatchObject({ key: { keyId: 'key_1' } });
  });

  test('is the administrator with the master key, without a look-up', () => {
    const { identify, looked } = setUp();
    expect(identify(MASTER)).toMatchObject({ role: 'proxy_admin', userId: 'default_user_id', key: null });
    expect(looked).toEqual([]);
  });

  test.each([
    [null, null, null],
    [NOW + 5, null, NOW + 5],
    [null, NOW + 7, NOW + 7],
    [NOW + 5, NOW + 7, NOW + 5],
    [NOW + 9, NOW + 7, NOW + 7],
  ])('ends with the earlier of expiry %s and grace period %s', (expiresAtMs, revokedAtMs, endsAtMs) => {
    const { identify } = setUp(activeKey(GRACE, { expiresAtMs }, revokedAtMs));
    expect((identify(GRACE) as Caller).endsAtMs).toBe(endsAtMs);
  });
});

describe('a database that is down', () => {
  const outage = new GatewayError('database_unavailable', 'No connected db.');
  const headers = { authorization: `Bearer ${SECRET}` };
  const failing = (error: Error): IdentifyDeps => ({
    keyCache: { lookup: () => Promise.reject(error) },
    owners: { standingOf: () => NO_STANDING },
    isMasterKeyHash: () => false,
    changesHeard: () => 0,
    whenCurrent: () => undefined,
    nowMs: () => NOW,
    keyHeaderName: null,
  });

  test('is said, and never taken for an unknown key', async () => {
    await expect(identifyCaller(headers, failing(outage))).rejects.toBe(outage);
  });

  test('is not any other failure', async () => {
    await expect(identifyCaller(headers, failing(new Error('broken')))).rejects.toThrow('broken');
  });
});

describe('refused', () => {
  test('an unknown key is shown as mask and hash, never as itself', () => {
    const { identify } = setUp();
    const hash = sha256Hex(SECRET);
    expect(() => identify(SECRET)).toThrow(
      expect.objectContaining({
        code: 'key_unknown',
        param: 'key',
        message: expect.stringContaining(`Received API Key = sk-...AAAA, Key Hash (Token) =${hash}`),
      }),
    );
  });

  test('a blocked key, also when it had to be looked up', async () => {
    const { identify } = setUp(activeKey(SECRET, { blocked: true }), true);
    await expect(identify(SECRET)).rejects.toThrow('Key is blocked. Update via `/key/unblock`');
  });

  test.each([
    ['a character', MADE.replace(/.$/, MADE.endsWith('0') ? '1' : '0')],
    ['the end', MADE.slice(0, -1)],
    ['too much', `${MADE}0`],
  ])('a secret of ours that is corrupted (%s) looks unknown and costs no look-up', (_name, secret) => {
    const { identify, looked } = setUp(activeKey(MADE));
    expect(() => identify(secret)).toThrow(expect.objectContaining({ code: 'key_unknown', status: 401 }));
    expect(looked).toEqual([]);
    expect(identify(MADE)).toMatchObject({ key: { keyId: 'key_1' } });
  });

  test.each(['sk-lkv1AAAAAAAAAAAAAAAAAA', 'sk-lkv1-custom-key-of-somebody', 'sk-lkv-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'])(
    'and a secret without a checksum is not taken for a corrupted one: %s',
    (secret) => {
      const { identify } = setUp(activeKey(secret));
      expect(identify(secret)).toMatchObject({ key: { keyId: 'key_1' } });
    },
  );

  test('a hash is no credential', () => {
    const { identify, looked } = setUp(activeKey(SECRET));
    expect(() => identify(sha256Hex(SECRET))).toThrow("expected to start with 'sk-'");
    expect(looked).toEqual([]);
  });

  test.each([
    ['SQL', "sk-' OR 1=1; DROP TABLE keys; --"],
    ['control characters', 'sk-AAAA\u0000BBBB\u0007CCCC'],
    ['a line break', 'sk-AAAAAAAA\nX-Admin: 1'],
    ['10 kB', `sk-${'A'.repeat(10_000)}`],
    ['more than a key can have', `sk-${'A'.repeat(300)}`],
    ['unicode', 'sk-ключ🔑ключ🔑ключ'],
    ['look-alikes', 'ｓｋ-AAAAAAAAAAAAAAAA'],
    ['nothing after the prefix', 'sk-'],
    ['another prefix', 'pk-AAAAAAAAAAAAAAAAAAAAAA'],
    ['upper case', 'SK-AAAAAAAAAAAAAAAAAAAAAA'],
    ['a path', 'sk-../../etc/passwd\\'],
    ['spaces', 'sk-AAAA BBBB CCCC'],
    ['JSON', '{"key":"sk-AAAAAAAAAAAAAAAAAAAAAA"}'],
    ['a template', 'sk-{{7*7}}<script>'],
  ])('%s in place of a key is refused without a look-up and without an echo', (_name, text) => {
    const { identify, looked } = setUp();
    let message = '';
    try {
      identify(text);
    } catch (error) {
      expect(error).toMatchObject({ status: 401, type: 'auth_error' });
      message = (error as Error).message;
    }
    expect(message).not.toBe('');
    expect(looked).toEqual([]);
    const shown = message.replace("expected to start with 'sk-'", '').replace('sk-...', '#');
    const pieces = Array.from({ length: Math.max(0, text.length - 4) }, (_, at) => text.slice(at, at + 5));
    expect(pieces.filter((piece) => shown.includes(piece))).toEqual([]);
  });

  test('a short key is not masked by showing nearly all of it', () => {
    const { identify } = setUp();
    expect(() => identify('sk-1234')).toThrow('Received API Key = sk-..., Key Hash');
  });
});
