import { expect, test } from 'vitest';
import { mapSecrets } from './secret-fields.ts';

test('credentials are found by their names, at any depth, and numbers of tokens are none', () => {
  const settings = {
    model: 'openai/x',
    api_key: 'one',
    extra_headers: { 'x-any': 'two' },
    aws: [{ aws_secret_access_key: 'three' }],
    max_tokens: 5,
    input_cost_per_token: 1,
    base_model: 'gpt',
  };
  const seen: string[] = [];
  const masked = mapSecrets(settings, (text, path) => {
    seen.push(`${path}=${text}`);
    return '*';
  });
  expect(seen).toEqual(['api_key=one', 'extra_headers.x-any=two', 'aws.0.aws_secret_access_key=three']);
  expect(masked).toEqual({
    ...settings,
    api_key: '*',
    extra_headers: { 'x-any': '*' },
    aws: [{ aws_secret_access_key: '*' }],
  });
});
