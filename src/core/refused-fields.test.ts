import { describe, expect, test } from 'vitest';
import { GatewayError } from './gateway-error.ts';
import { refuseOperatorsFields } from './refused-fields.ts';

/** The field that the body is refused for; null: it is not. */
function refusedFor(body: Record<string, unknown>): string | null {
  try {
    refuseOperatorsFields(body);
    return null;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect([error.status, error.type]).toEqual([400, 'invalid_request_error']);
    return error.param;
  }
}

const JSON_TEXT = JSON.stringify({ langfuse_host: 'https://evil.example' });

describe('what is the operator’s to say is refused from a client', () => {
  test.each([
    'api_base',
    'aws_web_identity_token',
    'vertex_credentials',
    'azure_ad_token',
    'litellm_credential_name',
    'base_model',
    'oci_endpoint_id',
    'langfuse_secret_key',
    'slack_webhook_url',
    'gcs_bucket_name',
    'input_cost_per_token',
    'output_cost_per_second',
    'cache_read_input_token_cost',
    'user_config',
  ])('%s, wherever it stands', (field) => {
    expect(refusedFor({ [field]: 'x' })).toBe(field);
    expect(refusedFor({ extra_body: { [field]: 'x' } })).toBe(`extra_body.${field}`);
    expect(refusedFor({ metadata: { [field]: 'x' } })).toBe(`metadata.${field}`);
    expect(refusedFor({ litellm_metadata: { [field]: 'x' } })).toBe(`litellm_metadata.${field}`);
    expect(refusedFor({ tools: [{ type: 'advisor', [field]: 'x' }] })).toBe(`tools.0.${field}`);
  });

  test.each<[string, Record<string, unknown>]>([
    ['model_list', { model_list: [] }],
    [
      'litellm_params.metadata.turn_off_message_logging',
      { litellm_params: { metadata: { turn_off_message_logging: 1 } } },
    ],
    ['litellm_params_template.api_base', { litellm_params_template: { api_base: 'http://evil' } }],
    ['router_settings_override.fallbacks.0.api_key', { router_settings_override: { fallbacks: [{ api_key: 'x' }] } }],
    ['metadata.langfuse_host', { metadata: JSON_TEXT }],
    ['extra_body.langfuse_host', { extra_body: ` ${JSON_TEXT}` }],
  ])('%s', (param, body) => {
    expect(refusedFor(body)).toBe(param);
  });

  test.each<[string, Record<string, unknown>]>([
    ['null says nothing', { api_base: null }],
    ['deeper in metadata it is a note', { metadata: { mine: { api_base: 'x' } } }],
    ['in a schema it is a word', { tools: [{ function: { parameters: { properties: { api_base: {} } } } }] }],
    ['text that is no object', { metadata: 'not json', extra_body: '"api_base"', litellm_metadata: '{broken' }],
    ['what is told of the call', { metadata: { langfuse_prompt_version: 2, langsmith_sampling_rate: 0.1 } }],
    ['what is about the answer', { reasoning_effort: 'low', seed: 42, max_tokens: 5 }],
  ])('%s', (_why, body) => {
    expect(refusedFor(body)).toBeNull();
  });
});

describe('an indirection is refused from a client', () => {
  test.each<[string, Record<string, unknown>]>([
    ['user', { user: 'os.environ/LITELLM_MASTER_KEY' }],
    ['aws_session_name', { aws_session_name: 'oidc/file//etc/passwd' }],
    ['metadata.marker', { metadata: { marker: 'oidc/env/PATH' } }],
    ['litellm_metadata.marker', { litellm_metadata: '{"marker": "os.environ/PATH"}' }],
  ])('%s', (param, body) => {
    expect(refusedFor(body)).toBe(param);
  });

  test.each<Record<string, unknown>>([
    { prompt: 'os.environ/PATH' },
    { input: 'oidc/env/PATH' },
    { messages: [{ role: 'user', content: 'os.environ/PATH' }] },
    { user: 'os.environ' },
    { user: 'see os.environ/PATH' },
  ])('%j is just text', (body) => {
    expect(refusedFor(body)).toBeNull();
  });
});

test('nesting without end is refused, not followed', () => {
  let nested: unknown = 1;
  for (let depth = 0; depth < 1_000; depth += 1) nested = { a: nested };
  expect(refusedFor({ extra_body: nested })).toMatch(/^extra_body(\.a)+$/);
});
