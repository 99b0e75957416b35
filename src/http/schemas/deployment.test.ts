import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../core/model.ts';
import { fromDeployment, fromModelGroup, ModelInfoList, toPublicAddress } from './deployment.ts';

const SECRET = 'sk-upstream-secret';

const deployment: Omit<Deployment, 'price'> & { price: null; isPriced: boolean } = {
  id: 'd1',
  modelName: 'gpt-4',
  provider: 'openai',
  upstreamModel: 'gpt-4-turbo',
  apiBase: `https://user:${SECRET}@llm.example:8443/v1?key=${SECRET}`,
  apiKey: SECRET,
  apiVersion: null,
  region: null,
  organization: SECRET,
  extraHeaders: { authorization: SECRET },
  requestDefaults: { safety_identifier: SECRET, temperature: 0.2, max_tokens: 64, stop: ['END'] },
  mockResponse: SECRET,
  timeoutMs: 30_000,
  streamTimeoutMs: null,
  maxRetries: 2,
  weight: 1,
  rpm: 10,
  tpm: null,
  maxParallelRequests: null,
  tags: [],
  accessGroups: ['beta'],
  price: null,
  isPriced: false,
  baseModel: null,
  maxOutputTokens: 4_096,
  mode: 'chat',
  info: { id: 'd1', team: 'blue', api_key: SECRET, input_cost_per_token: 1 },
  unavailable: null,
};
const price = {
  tiers: [
    {
      fromPromptTokens: 0,
      inputPicoUsd: 2_500_000,
      outputPicoUsd: 10_000_000,
      cacheReadPicoUsd: null,
      cacheWritePicoUsd: null,
      reasoningPicoUsd: null,
    },
  ],
  requestNanoUsd: 0,
};

describe('a deployment', () => {
  test('is shown with name, address and limits, and without anything that opens the upstream', () => {
    const shown = fromDeployment(deployment);
    expect(shown).toMatchObject({
      model_name: 'gpt-4',
      litellm_params: {
        model: 'openai/gpt-4-turbo',
        api_base: 'https://llm.example:8443/v1',
        timeout: 30,
        rpm: 10,
        temperature: 0.2,
      },
      model_info: { id: 'd1', db_model: false, team: 'blue', access_groups: ['beta'], input_cost_per_token: null },
    });
    expect(shown.litellm_params).toMatchObject({ max_tokens: 64, stop: ['END'] });
    expect(JSON.stringify(shown)).not.toContain(SECRET);
    expect(ModelInfoList.safeParse({ data: [shown] }).success).toBe(true);
  });

  test('shows its price in dollars a token', () => {
    expect(fromDeployment({ ...deployment, price }).model_info).toMatchObject({
      input_cost_per_token: 2.5e-6,
      output_cost_per_token: 1e-5,
    });
    expect(fromDeployment({ ...deployment, price }).litellm_params).not.toHaveProperty('input_cost_per_token');
    expect(fromDeployment({ ...deployment, price, isPriced: true }).litellm_params).toMatchObject({
      input_cost_per_token: 2.5e-6,
      output_cost_per_token: 1e-5,
    });
  });
});

test('a group adds up its limits and shows the least price', () => {
  const members = [
    { ...deployment, price },
    { ...deployment, provider: 'groq', rpm: 5 },
  ];
  expect(fromModelGroup('gpt-4', members)).toEqual({
    model_group: 'gpt-4',
    providers: ['openai', 'groq'],
    mode: 'chat',
    max_output_tokens: 4_096,
    input_cost_per_token: 2.5e-6,
    output_cost_per_token: 1e-5,
    rpm: 15,
    tpm: null,
  });
});

test.each([
  [null, null],
  ['not an address', null],
  ['http://localhost:11434', 'http://localhost:11434'],
  ['https://a.example/v1/?x=1#y', 'https://a.example/v1/'],
])('the address %s is shown as %s', (address, shown) => {
  expect(toPublicAddress(address)).toBe(shown);
});
