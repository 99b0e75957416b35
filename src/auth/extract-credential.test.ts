import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extractCredential } from './extract-credential.ts';

const KEY = 'sk-AAAAAAAAAAAAAAAAAAAAAA';

describe('the secret is found in', () => {
  test.each([
    ['authorization', { authorization: `Bearer ${KEY}` }],
    ['a lower-case scheme', { authorization: `bearer ${KEY}` }],
    ['an upper-case scheme', { authorization: `BEARER ${KEY}` }],
    ['a scheme with spaces to spare', { authorization: `  Bearer   ${KEY} ` }],
    ['HTTP Basic, as it stands', { authorization: `Basic ${KEY}` }],
    [
      "an AWS signature's access key id",
      {
        authorization: `AWS4-HMAC-SHA256 Credential=Bearer ${KEY}/20261123/us-east-1/bedrock/aws4_request, SignedHeaders=host`,
      },
    ],
    ['x-litellm-api-key with Bearer', { 'x-litellm-api-key': `Bearer ${KEY}` }],
    ['x-litellm-api-key without', { 'x-litellm-api-key': KEY }],
    ['api-key', { 'api-key': KEY }],
    ['x-api-key', { 'x-api-key': KEY }],
    ['x-goog-api-key', { 'x-goog-api-key': KEY }],
    ['Ocp-Apim-Subscription-Key', { 'ocp-apim-subscription-key': KEY }],
    ["the operator's own header", { 'x-my-key': `Bearer ${KEY}`, authorization: 'Bearer sk-other' }],
    ['the next place when an earlier one is empty', { 'x-litellm-api-key': '', 'api-key': ' ', 'x-api-key': KEY }],
  ])('%s', (_name, headers) => {
    expect(extractCredential(headers, 'X-My-Key')).toEqual({ secret: KEY });
  });

  test.each([
    ['x-litellm-api-key before authorization', { 'x-litellm-api-key': KEY, authorization: 'Bearer sk-b' }],
    ['authorization before api-key', { authorization: `Bearer ${KEY}`, 'api-key': 'sk-b' }],
    ['api-key before x-api-key', { 'api-key': KEY, 'x-api-key': 'sk-b' }],
    ['x-api-key before x-goog-api-key', { 'x-api-key': KEY, 'x-goog-api-key': 'sk-b' }],
    ['x-goog-api-key before the last', { 'x-goog-api-key': KEY, 'ocp-apim-subscription-key': 'sk-b' }],
  ])('%s', (_name, headers) => {
    expect(extractCredential(headers, null)).toEqual({ secret: KEY });
  });
});

describe('there is no secret', () => {
  test('when nothing is sent', () => {
    expect(extractCredential({}, null)).toMatchObject({
      failure: { status: 401, message: 'Authentication Error, No api key passed in.' },
    });
  });

  test('and the operator’s header is named when it is the one to use', () => {
    expect(extractCredential({}, 'X-My-Key')).toMatchObject({
      failure: { status: 401, message: expect.stringContaining('Please set header=X-My-Key: Bearer <api_key>') },
    });
  });

  test.each([KEY, 'Bearer', 'Bearer ', `NotBearer ${KEY}`, `Token ${KEY}`, '', ' ', `Bearer${KEY}`])(
    'when authorization is %j, and nothing else is looked at',
    (authorization) => {
      const { failure } = extractCredential({ authorization, 'api-key': KEY }, null) as { failure: Error };
      expect(failure).toMatchObject({ status: 401, type: 'auth_error' });
      expect(failure.message).toContain('Ensure Key has `Bearer ` prefix');
      expect(failure.message).not.toContain('AAAA');
    },
  );
});

test('any header text gives a secret or a failure, and never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (authorization) => {
      const found = extractCredential({ authorization }, null);
      return 'secret' in found ? found.secret.length > 0 : found.failure.status === 401;
    }),
  );
});
