// What most tests over a real socket need: a fake upstream, a gateway process in front of it, and official clients.

import OpenAI from 'openai';
import { type FakeUpstream, type FakeUpstreamOptions, startFakeUpstream } from './fake-upstream.ts';
import { type GatewayProcess, startGateway } from './gateway-process.ts';

/** The credential that only the gateway and its upstream may ever see. */
export const UPSTREAM_SECRET = 'sk-upstream-credential-of-the-operator';

/** Dollars per token of `fake/…` models. */
export const PRICE = { input: 0.000_001, output: 0.000_002 };

export interface GatewayWithUpstream {
  gateway: GatewayProcess;
  upstream: FakeUpstream;
  /** An official client with this key. It does not retry unless told to. */
  client(key: string, options?: ConstructorParameters<typeof OpenAI>[0]): OpenAI;
  /** A new key and an official client with it. */
  newClient(fields?: Record<string, unknown>): Promise<{ key: string; openai: OpenAI }>;
  /** What the gateway says a key has spent. */
  spendOf(key: string): Promise<number>;
  /** The key's rows in the ledger. */
  rowsOf(key: string): Promise<SpendLog[]>;
  close(): Promise<void>;
}

/** A row as `GET /spend/logs` shows it, as far as tests look. */
export interface SpendLog {
  request_id: string;
  litellm_call_id: string;
  response_id: string | null;
  status: 'success' | 'failure' | 'aborted' | 'unsettled';
  spend: number;
  prompt_tokens: number;
  completion_tokens: number;
  end_user: string | null;
  metadata: { usage_estimated: boolean; http_status: number };
}

/**
 * Models: `fake/RULES` passes RULES on to the upstream (see fake-upstream-rules.mjs); `dime` costs exactly ten cents a
 * call with `max_tokens: 10`, in the estimate, in the worst case and in truth; `free` has a price of 0; `unpriced` none.
 */
export function configFor(
  upstream: { apiBase: string },
  general: Record<string, unknown> = {},
  litellm: Record<string, unknown> = {},
) {
  const deployment = (name: string, model: string, prices: Record<string, number>) => ({
    model_name: name,
    litellm_params: { model: `openai/${model}`, api_base: upstream.apiBase, api_key: UPSTREAM_SECRET, ...prices },
  });
  const priced = { input_cost_per_token: PRICE.input, output_cost_per_token: PRICE.output };
  return {
    model_list: [
      deployment('fake/*', '*', priced),
      deployment('dime', 'dime+usage-8-10', { input_cost_per_token: 0, output_cost_per_token: 0.01 }),
      deployment('slow-dime', 'dime+usage-8-10+slow-300', { input_cost_per_token: 0, output_cost_per_token: 0.01 }),
      deployment('free', 'free', { input_cost_per_token: 0, output_cost_per_token: 0 }),
      deployment('unpriced', 'nobody-has-heard-of-this-model', {}),
      deployment('cached', 'cached-8', { ...priced, cache_read_input_token_cost: 0.000_000_1 }),
      {
        model_name: 'mocked',
        litellm_params: { model: 'openai/mocked', mock_response: 'Hello from nowhere', ...priced },
      },
    ],
    general_settings: general,
    litellm_settings: litellm,
    router_settings: { num_retries: 0, allowed_fails: 1_000_000 },
  };
}

export async function startGatewayWithUpstream(
  options: {
    general?: Record<string, unknown>;
    litellm?: Record<string, unknown>;
    upstream?: FakeUpstreamOptions;
    env?: Record<string, string>;
  } = {},
): Promise<GatewayWithUpstream> {
  const upstream = await startFakeUpstream(options.upstream);
  const gateway = await startGateway({
    config: configFor(upstream, options.general, options.litellm),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const client: GatewayWithUpstream['client'] = (key, more) =>
    new OpenAI({ apiKey: key, baseURL: `${gateway.url}/v1`, maxRetries: 0, ...more });
  return {
    gateway,
    upstream,
    client,
    async newClient(fields = {}) {
      const key = await gateway.newKey(fields);
      return { key, openai: client(key) };
    },
    async spendOf(key) {
      const { body } = await gateway.admin(`/key/info?key=${encodeURIComponent(key)}`);
      return body.info.spend;
    },
    async rowsOf(key) {
      const { body } = await gateway.admin(`/spend/logs?api_key=${encodeURIComponent(key)}`);
      return body;
    },
    async close() {
      const code = await gateway.stop();
      await upstream.close();
      if (code !== 0) throw new Error(`the gateway did not end well (${code}):\n${gateway.logs().slice(-4_000)}`);
    },
  };
}

/** The price of a call to a `fake/…` model. */
export function costOf(promptTokens: number, completionTokens: number): number {
  return promptTokens * PRICE.input + completionTokens * PRICE.output;
}
