import { describe, expect, test } from 'vitest';
import { maskCallbackSecrets, restoreCallbackSecrets } from './callback-secrets.ts';
import type { JsonObject } from './json.ts';

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

  test('come back when the mask is sent back, beside other changes', () => {
    const edited = { ...maskCallbackSecrets(metadata), app: 'y' };
    expect(restoreCallbackSecrets(edited, metadata)).toEqual({ ...metadata, app: 'y' });
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
