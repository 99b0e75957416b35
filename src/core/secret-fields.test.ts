import { expect, test } from 'vitest';
import { mapSecrets } from './secret-fields.ts';

test('credentials are found by their names, at any depth, and numbers of tokens are none', () => {
  const settings = {
    model: 'openai/x',
    api_key: 'one',
    extra_headers: { 'x-any': 'two' },
    aws: [{ aws_secret_access_key: 'three' }],
    azure_ad_token: 'four',
    aws_session_token: 'five',
    max_tokens: 5,
    default_max_tokens: 'many',
    output_cost_per_reasoning_token: '1e-6',
    input_cost_per_token: 1,
    base_model: 'gpt',
  };
  const seen: string[] = [];
  const masked = mapSecrets(settings, (text, path) => {
    seen.push(`${path}=${text}`);
    return '*';
  });
  expect(seen).toEqual([
    'api_key=one',
    'extra_headers.x-any=two',
    'aws.0.aws_secret_access_key=three',
    'azure_ad_token=four',
    'aws_session_token=five',
  ]);
  expect(masked).toEqual({
    ...settings,
    api_key: '*',
    extra_headers: { 'x-any': '*' },
    aws: [{ aws_secret_access_key: '*' }],
    azure_ad_token: '*',
    aws_session_token: '*',
  });
});
