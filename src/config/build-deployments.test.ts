import { describe, expect, test } from 'vitest';
import type { Deployment } from '../core/model.ts';
import type { Config } from './config.ts';
import { readEnvironment } from './env.ts';
import { loadConfig } from './load-config.ts';

type Fields = Record<string, unknown>;

function load(entries: Fields[], env: Record<string, string> = {}): Config {
  // JSON is YAML.
  const text = JSON.stringify({ model_list: entries });
  return loadConfig({ environment: readEnvironment(env), readFile: () => text });
}

function deployment(params: Fields, env: Record<string, string> = {}, info: Fields = {}): Deployment {
  const [first] = load([{ model_name: 'm*', litellm_params: params, model_info: info }], env).deployments;
  if (first === undefined) throw new Error('no deployment');
  return first;
}

const unset = (name: string): string => `The environment variable ${name} is not set on the gateway.`;

describe('the provider, its address and its key', () => {
  const keys = { OPENAI_API_KEY: 'k-openai', GROQ_API_KEY: 'k-groq', TOGETHER_API_KEY: 'k-together' };

  test.each<[string, Fields, Record<string, string>, Partial<Deployment>]>([
    [
      'openai by prefix',
      { model: 'openai/gpt-4o' },
      keys,
      {
        provider: 'openai',
        upstreamModel: 'gpt-4o',
        apiBase: 'https://api.openai.com/v1',
        apiKey: 'k-openai',
        unavailable: null,
      },
    ],
    [
      'openai without prefix',
      { model: 'gpt-4o' },
      keys,
      { provider: 'openai', upstreamModel: 'gpt-4o', unavailable: null },
    ],
    [
      'a key of its own',
      { model: 'groq/llama', api_key: 'os.environ/MINE' },
      { ...keys, MINE: 'k-mine' },
      { provider: 'groq', apiBase: 'https://api.groq.com/openai/v1', apiKey: 'k-mine', unavailable: null },
    ],
    [
      'any of the customary variables',
      { model: 'together_ai/meta/llama' },
      keys,
      { upstreamModel: 'meta/llama', apiKey: 'k-together' },
    ],
    ['no customary variable', { model: 'openai/gpt-4o' }, {}, { apiKey: null, unavailable: unset('OPENAI_API_KEY') }],
    [
      'the variable named for the key is not set; another key is not used in its place',
      { model: 'openai/gpt-4o', api_key: 'os.environ/TEAM_KEY' },
      keys,
      { apiKey: null, unavailable: unset('TEAM_KEY') },
    ],
    [
      "a server of one's own needs no key",
      { model: 'openai/x', api_base: 'http://127.0.0.1:9/v1/', api_key: 'os.environ/NONE' },
      {},
      { apiBase: 'http://127.0.0.1:9/v1', apiKey: null, unavailable: null },
    ],
    [
      'base_url is api_base',
      { model: 'openai/x', base_url: 'http://h/v1' },
      keys,
      { apiBase: 'http://h/v1', apiKey: 'k-openai' },
    ],
    [
      "the variable named for the address is not set; the provider's address is not used in its place",
      { model: 'openai/x', api_base: 'os.environ/BASE' },
      keys,
      { unavailable: unset('BASE') },
    ],
    [
      'the customary variable for the address',
      { model: 'gpt-4o' },
      { OPENAI_BASE_URL: 'http://fake/v1' },
      { apiBase: 'http://fake/v1', unavailable: null },
    ],
    ['an address that cannot be known', { model: 'hosted_vllm/x' }, {}, { unavailable: unset('HOSTED_VLLM_API_BASE') }],
    [
      'a compatible server without address',
      { model: 'custom_openai/x' },
      {},
      { unavailable: 'No api_base is configured for this model.' },
    ],
    ['ollama, local', { model: 'ollama/llama3' }, {}, { apiBase: 'http://localhost:11434/v1', unavailable: null }],
    [
      "ollama's bare address",
      { model: 'ollama_chat/l', api_base: 'http://box:11434' },
      {},
      { apiBase: 'http://box:11434/v1' },
    ],
    [
      'azure',
      { model: 'azure/dep', api_base: 'https://r.openai.azure.com', api_key: 'k', api_version: '2024-06-01' },
      {},
      { provider: 'azure', upstreamModel: 'dep', apiVersion: '2024-06-01', unavailable: null },
    ],
    [
      'azure without its key',
      { model: 'azure/dep', api_base: 'https://r.openai.azure.com', api_key: 'os.environ/AZ' },
      {},
      { unavailable: unset('AZ') },
    ],
    [
      'custom_llm_provider',
      { model: 'org/model', custom_llm_provider: 'openai', api_base: 'http://h' },
      {},
      { provider: 'openai', upstreamModel: 'org/model' },
    ],
    ['a wildcard', { model: 'openai/*' }, keys, { upstreamModel: '*' }],
    ['a mock of anything', { model: 'nobody/x', mock_response: 'hi' }, {}, { mockResponse: 'hi', unavailable: null }],
    [
      'a mock with a body',
      { model: 'x', mock_response: { choices: [] } },
      {},
      { mockResponse: { choices: [] }, unavailable: null },
    ],
  ])('%s', (_, params, env, expected) => {
    expect(deployment(params, env)).toMatchObject(expected);
  });

  test('a provider that is not supported is listed, cannot be called, and is warned about once', () => {
    const config = load([
      { model_name: 'a', litellm_params: { model: 'anthropic/claude-x', api_key: 'k' } },
      { model_name: 'b', litellm_params: { model: 'claude-y' } },
      { model_name: 'c', litellm_params: { model: 'bedrock/z' } },
    ]);
    expect(config.deployments.map((one) => one.unavailable)).toEqual([
      'Provider anthropic is not supported yet by the gateway.',
      'Provider anthropic is not supported yet by the gateway.',
      'Provider bedrock is not supported yet by the gateway.',
    ]);
    expect(config.warnings.map((warning) => warning.message)).toEqual([
      'These providers are not supported yet, so models that use them cannot be called: anthropic, bedrock.',
    ]);
  });
});

test("every other parameter arrives in the product's units", () => {
  const params = {
    model: 'openai/x',
    api_base: 'http://h',
    organization: 'org',
    extra_headers: { 'x-a': 1 },
    timeout: '30',
    stream_timeout: 0.5,
    max_retries: 4,
    rpm: 10,
    tpm: '20_000',
    weight: 3,
    tags: ['t'],
  };
  const info = { base_model: 'azure/gpt-4', access_groups: ['beta'], max_tokens: 9, mode: 'chat', id: 7 };
  const [first] = load([{ model_name: 'm', litellm_params: params, model_info: info }]).deployments;
  expect(first).toMatchObject({
    id: '7',
    organization: 'org',
    extraHeaders: { 'x-a': '1' },
    timeoutMs: 30_000,
    streamTimeoutMs: 500,
    maxRetries: 4,
    rpm: 10,
    tpm: 20_000,
    weight: 3,
    tags: ['t'],
    baseModel: 'azure/gpt-4',
    accessGroups: ['beta'],
    maxOutputTokens: 9,
    mode: 'chat',
    price: undefined,
    info,
  });
});

describe('request defaults', () => {
  test('are what is set, in the kinds that upstreams expect; null sets nothing', () => {
    const params = {
      model: 'gpt-4',
      temperature: 'os.environ/HEAT',
      max_tokens: '1_000',
      presence_penalty: -0.5,
      parallel_tool_calls: 'no',
      stop: ['\n'],
      user: null,
      response_format: { type: 'json_object' },
      extra_body: { guided_choice: ['a', 'b'], temperature: 0.7, nothing: null },
    };
    expect(deployment(params, { HEAT: '0.2' }).requestDefaults).toEqual({
      temperature: 0.7,
      max_tokens: 1000,
      presence_penalty: -0.5,
      parallel_tool_calls: false,
      stop: ['\n'],
      response_format: { type: 'json_object' },
      guided_choice: ['a', 'b'],
    });
    expect(deployment({ model: 'gpt-4', temperature: 'os.environ/HEAT' }, { HEAT: '0.2' }).requestDefaults).toEqual({
      temperature: 0.2,
    });
  });

  test.each<[Fields, string]>([
    [{ temperature: 'warm' }, 'model_list.0.litellm_params.temperature: expected a number'],
    [{ max_tokens: 0 }, 'model_list.0.litellm_params.max_tokens: expected a whole number of at least 1'],
    [{ extra_body: ['a'] }, 'model_list.0.litellm_params.extra_body: expected a map of request fields'],
    [{ extra_body: { stream: true } }, 'model_list.0.litellm_params.extra_body: cannot set what every request says'],
  ])('%j is reported', (params, problem) => {
    expect(() => deployment({ model: 'gpt-4', ...params })).toThrow(problem);
  });
});

describe('the price', () => {
  const tier = {
    fromPromptTokens: 0,
    inputPicoUsd: 0,
    outputPicoUsd: 0,
    cacheReadPicoUsd: null,
    cacheWritePicoUsd: null,
    reasoningPicoUsd: null,
  };

  test.each<[string, Fields, Fields, Deployment['price']]>([
    ['none: the price library is asked', {}, {}, undefined],
    [
      'an explicit zero is free',
      { input_cost_per_token: 0, output_cost_per_token: 0 },
      {},
      { tiers: [tier], requestNanoUsd: 0 },
    ],
    [
      'dollars per token are exact',
      { input_cost_per_token: 1.5e-7, output_cost_per_token: '0.0000006' },
      {},
      { tiers: [{ ...tier, inputPicoUsd: 150_000, outputPicoUsd: 600_000 }], requestNanoUsd: 0 },
    ],
    [
      'litellm_params before model_info',
      { input_cost_per_token: 1e-6 },
      { input_cost_per_token: 9e-6, output_cost_per_token: 2e-6, cache_read_input_token_cost: 1e-7 },
      { tiers: [{ ...tier, inputPicoUsd: 1e6, outputPicoUsd: 2e6, cacheReadPicoUsd: 100_000 }], requestNanoUsd: 0 },
    ],
    [
      'tiers begin above their size and inherit what they do not name',
      {
        input_cost_per_token: 1e-6,
        output_cost_per_token: 2e-6,
        input_cost_per_token_above_200k_tokens: 3e-6,
        input_cost_per_request: 0.01,
      },
      {},
      {
        tiers: [
          { ...tier, inputPicoUsd: 1e6, outputPicoUsd: 2e6 },
          { ...tier, fromPromptTokens: 200_001, inputPicoUsd: 3e6, outputPicoUsd: 2e6 },
        ],
        requestNanoUsd: 10_000_000,
      },
    ],
  ])('%s', (_, params, info, expected) => {
    expect(deployment({ model: 'x', mock_response: 'y', ...params }, {}, info).price).toEqual(expected);
  });

  test.each<[string, Fields, Fields, boolean]>([
    ['half a price', { input_cost_per_token: 1e-6 }, {}, true],
    ['half a price, where nothing comes out', { input_cost_per_token: 1e-6 }, { mode: 'embedding' }, false],
    ['a cache price alone', { cache_read_input_token_cost: 1e-6 }, {}, true],
    ['a whole price', { input_cost_per_token: 1e-6, output_cost_per_token: 0 }, {}, false],
  ])('%s: a warning is %4$s', (_, params, info, warned) => {
    const config = load([
      { model_name: 'm', litellm_params: { model: 'x', mock_response: 'y', ...params }, model_info: info },
    ]);
    expect(config.warnings.map((warning) => warning.code)).toEqual(warned ? ['incomplete_price'] : []);
  });
});

describe('the id of a deployment without one', () => {
  const entry = (params: Fields) => ({
    model_name: 'm',
    litellm_params: { model: 'openai/x', api_base: 'http://h', ...params },
  });
  const ids = (...entries: ReturnType<typeof entry>[]) =>
    load(entries, { A: 'ka', B: 'kb' }).deployments.map((one) => one.id);

  test('is the same after a restart, whatever the order of its settings and the value of its secrets', () => {
    const [first] = ids(entry({ api_key: 'guessable', rpm: 1 }));
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(ids(entry({ rpm: 1, api_key: 'another' }))).toEqual([first]);
  });

  test('differs between the members of a group, even where only their keys do', () => {
    const all = ids(
      entry({ api_key: 'os.environ/A' }),
      entry({ api_key: 'os.environ/B' }),
      entry({ api_key: '1' }),
      entry({ api_key: '2' }),
    );
    expect(new Set(all).size).toBe(4);
  });

  test('that is given twice is refused', () => {
    const one = { ...entry({}), model_info: { id: 'same' } };
    expect(() => load([one, one])).toThrow('model_list.1.model_info.id: another deployment has this id already');
  });
});
