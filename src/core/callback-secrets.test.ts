import { describe, expect, test } from 'vitest';
import {
  findServerReferences,
  maskCallbackSecrets,
  restoreCallbackSecrets,
  sealCallbackSecrets,
} from './callback-secrets.ts';
import type { Json, JsonObject } from './json.ts';

const SECRET = 'sk-lf-0123456789abcdef';
const metadata: JsonObject = {
  app: 'x',
  logging: [
    {
      callback_name: 'langfuse',
      callback_vars: {
        langfuse_public_key: 'pk-lf-1',
        langfuse_secret_key: SECRET,
        langfuse_host: 'https://example.invalid',
      },
    },
    { callback_name: 'gcs_bucket', callback_vars: { gcs_path_service_account: 'os.environ/SA', gcs_bucket_name: 'b' } },
    'not an entry',
  ],
};

describe('credentials of log destinations', () => {
  test('are masked, and nothing else is', () => {
    const masked = maskCallbackSecrets(metadata);
    expect(JSON.stringify(masked)).not.toContain(SECRET);
    expect(masked).toMatchObject({
      app: 'x',
      logging: [
        {
          callback_vars: {
            langfuse_public_key: 'pk-lf-1',
            langfuse_secret_key: '****cdef',
            langfuse_host: 'https://example.invalid',
          },
        },
        { callback_vars: { gcs_path_service_account: 'os.environ/SA', gcs_bucket_name: 'b' } },
        'not an entry',
      ],
    });
  });

  test('a short one shows nothing of itself', () => {
    const short = maskCallbackSecrets({ logging: [{ callback_vars: { langsmith_api_key: 'abcd1234' } }] });
    expect(short).toEqual({ logging: [{ callback_vars: { langsmith_api_key: '****' } }] });
  });

  test('are the headers of a webhook, too, also where they are an object', () => {
    const sealed = sealCallbackSecrets(
      {
        metadata: {
          logging: [{ callback_vars: { headers: { a: 'b' }, otel_headers: 'c=d', endpoint: 'https://e.example' } }],
        },
      },
      (text, name) => `sealed:${name}:${text}`,
    );
    expect(sealed).toEqual({
      metadata: {
        logging: [
          {
            callback_vars: {
              headers: 'sealed:headers:{"a":"b"}',
              otel_headers: 'sealed:otel_headers:c=d',
              endpoint: 'https://e.example',
            },
          },
        ],
      },
    });
  });

  test('come back when the mask is sent back, beside other changes', () => {
    const edited = { ...maskCallbackSecrets(metadata), app: 'y' };
    expect(restoreCallbackSecrets(edited, metadata)).toEqual({ ...metadata, app: 'y' });
  });

  test('come back where the destinations stand in another order', () => {
    const { logging } = maskCallbackSecrets(metadata) as { logging: JsonObject[] };
    const edited = { logging: [...logging].reverse() };
    expect(restoreCallbackSecrets(edited, metadata)).toEqual({ logging: [...(metadata.logging as Json[])].reverse() });
  });

  test('are not sent to another host by whoever only knows the mask', () => {
    const [entry] = (maskCallbackSecrets(metadata) as { logging: [{ callback_vars: JsonObject }] }).logging;
    const moved = { ...entry.callback_vars, langfuse_host: 'https://elsewhere.invalid' };
    for (const given of [
      { logging: [{ ...entry, callback_vars: moved }] },
      { logging: [{ ...entry, callback_name: 'generic_api' }] },
    ]) {
      expect(() => restoreCallbackSecrets(given, metadata)).toThrow(
        expect.objectContaining({ code: 'bad_request', param: 'metadata.logging' }),
      );
    }
    const hook = { webhook_url: 'https://example.invalid/hook/0123456789', api_key: SECRET };
    const stored = { logging: [{ callback_name: 'webhook', callback_vars: hook }] };
    const kept = { webhook_url: '****6789', api_key: '****cdef' };
    const back = (vars: JsonObject) =>
      restoreCallbackSecrets({ logging: [{ callback_name: 'webhook', callback_vars: vars }] }, stored);
    expect(back(kept)).toEqual(stored);
    expect(() => back({ ...kept, webhook_url: 'https://elsewhere.invalid' })).toThrow('api_key has to be sent again');
    const settings = { callback_settings: { callback_vars: { api_key: SECRET, host: 'a' } } };
    const masked = { callback_settings: { callback_vars: { api_key: '****cdef', host: 'b' } } };
    expect(() => restoreCallbackSecrets(masked, settings)).toThrow(
      expect.objectContaining({ param: 'metadata.callback_settings' }),
    );
  });

  test('a new value replaces the stored one', () => {
    const given = { logging: [{ callback_vars: { langfuse_secret_key: 'sk-lf-new-and-different' } }] };
    expect(restoreCallbackSecrets(given, metadata)).toEqual(given);
  });

  test('metadata without log destinations is left alone', () => {
    const plain = { tags: ['a'], logging: 'no list' };
    expect(maskCallbackSecrets(plain)).toBe(plain);
  });
});

describe('credentials inside an address', () => {
  const seal = (text: string, name: string) => `sealed:${name}:${Buffer.from(text).toString('hex')}`;
  const asLogging = (endpoint: string): JsonObject => ({
    logging: [{ callback_name: 'generic_api', callback_vars: { endpoint, log_format: 'ndjson' } }],
  });
  const hasCredential = [
    'https://ada:pass@logs.example/in',
    'https://logs.example/in?a=b&api_key=x',
    'https://l.example?sig=x',
    'https://l.example/in?access_token=api_key',
    'https://functions.example/api/logs?code=api_key',
    ' https://ada:pass@logs.example/in',
    'ada:pass@logs.example',
    'logs.example/in?token=api_key',
    'https://hooks.example/services/T0/B0/pass0fTheHookDrawnByL0t',
  ];

  test.each(hasCredential)('%s is sealed, masked, and comes back for its mask', (address) => {
    const stored = sealCallbackSecrets(asLogging(address), seal) as JsonObject;
    expect(stored).toEqual(asLogging(seal(address, 'endpoint')));
    const masked = maskCallbackSecrets(stored);
    expect(JSON.stringify(masked)).not.toMatch(/pass|api_key|sealed/);
    expect(sealCallbackSecrets(masked, seal)).toBe(masked);
    expect(restoreCallbackSecrets(masked, stored)).toEqual(stored);
  });

  test.each([
    'https://logs.example/in',
    'https://logs.example/in?team=a',
    'logs.example/in',
    'https://logs.example/teams/0191f2c4-5a7b-7c1d-9e2f-001122334455',
    'https://[/?token=x',
  ])('%s has none and is left alone', (address) => {
    const given = asLogging(address);
    expect(sealCallbackSecrets(given, seal)).toBe(given);
    expect(maskCallbackSecrets(given)).toEqual(given);
  });
});

describe('sealing', () => {
  const seal = (text: string, name: string) => `sealed:${name}:${Buffer.from(text).toString('hex')}`;

  test('reaches every credential of a body, in lists of changes too, and nothing else', () => {
    const body = { keys: [{ key: 'sk-1', metadata }], callback_vars: { langfuse_secret: SECRET, langfuse_host: 'h' } };
    const sealed = sealCallbackSecrets(body, seal);
    expect(JSON.stringify(sealed)).not.toContain(SECRET);
    expect(sealed).toMatchObject({
      keys: [
        {
          key: 'sk-1',
          metadata: { logging: [{ callback_vars: { langfuse_public_key: 'pk-lf-1' } }, {}, 'not an entry'] },
        },
      ],
      callback_vars: { langfuse_secret: expect.stringMatching(/^sealed:langfuse_secret:/), langfuse_host: 'h' },
    });
  });

  test('leaves masks and references as they are, and what holds no credential is the same object', () => {
    const vars = { langfuse_secret_key: '****cdef', gcs_path_service_account: 'os.environ/SA', langsmith_api_key: '' };
    expect(sealCallbackSecrets({ callback_vars: vars }, seal)).toEqual({ callback_vars: vars });
    const plain = { metadata: { logging: [], a: [1, { b: 2 }] } };
    expect(sealCallbackSecrets(plain, seal)).toBe(plain);
  });

  test('refuses what claims to be sealed', () => {
    const body = { callback_vars: { langfuse_secret: 'sealed:v1:abc' } };
    expect(() => sealCallbackSecrets(body, seal)).toThrow('send the credential itself');
  });

  test('a sealed credential comes back for its mask, like any other', () => {
    const stored = sealCallbackSecrets(metadata, seal) as JsonObject;
    const edited = { ...maskCallbackSecrets(stored), app: 'y' };
    expect(restoreCallbackSecrets(sealCallbackSecrets(edited, seal) as JsonObject, stored)).toEqual({
      ...stored,
      app: 'y',
    });
  });

  test('bodies nested without end are only looked into as far as destinations stand', () => {
    let deep: JsonObject = { callback_vars: { langfuse_secret: SECRET } };
    for (let level = 0; level < 5_000; level += 1) deep = { deep };
    expect(sealCallbackSecrets(deep, seal)).toBe(deep);
  });
});

test('a file of the server counts as a reference to what is the server’s, the JSON of an account does not', () => {
  const ofBucket = (account: string): JsonObject => ({
    logging: [{ callback_name: 'gcs_bucket', callback_vars: { gcs_path_service_account: account } }],
  });
  expect(findServerReferences(ofBucket('/etc/operator.json'))).toEqual(['/etc/operator.json']);
  expect(maskCallbackSecrets(ofBucket('/etc/operator.json'))).toEqual(ofBucket('/etc/operator.json'));
  const account = '{"type":"service_account","private_key":"secret"}';
  const masked = maskCallbackSecrets(ofBucket(account));
  for (const metadata of [ofBucket(account), masked, ofBucket('sealed:v1:abc')]) {
    expect(findServerReferences(metadata)).toEqual([]);
  }
  expect(restoreCallbackSecrets(masked, ofBucket(account))).toEqual(ofBucket(account));
});

test('so does a bucket that comes without an account, and would be written with the server’s', () => {
  const vars = { gcs_bucket_name: 'theirs' };
  const reference = ['gcs_bucket_name theirs'];
  expect(findServerReferences({ logging: [{ callback_name: 'gcs_bucket', callback_vars: vars }] })).toEqual(reference);
  expect(
    findServerReferences({ callback_settings: { callback_vars: { ...vars, gcs_path_service_account: '' } } }),
  ).toEqual(reference);
  for (const account of ['{"type":"service_account"}', 'sealed:v2:abc', '****', '****wxyz']) {
    const own = { ...vars, gcs_path_service_account: account };
    expect(findServerReferences({ logging: [{ callback_name: 'gcs_bucket', callback_vars: own }] })).toEqual([]);
  }
});
