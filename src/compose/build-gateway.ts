import type { pino } from 'pino';
import type { Config } from '../config/config.ts';
import { type Limits, NO_LIMITS } from '../core/limits.ts';
import type { Deployment } from '../core/model.ts';
import { compileLimits, type OwnerLimits } from '../core/owner-limits.ts';
import { plainPolicy } from '../core/owner-policy.ts';
import type { GatewayDeps, PricedModel } from '../gateway/gateway-deps.ts';
import { createMockUpstream } from '../providers/mock-upstream.ts';
import { openai } from '../providers/openai/index.ts';
import { loadPriceLibrary } from '../providers/price-library.ts';
import type { Transport } from '../providers/transport.ts';
import { createUpstream, type Upstream } from '../providers/upstream.ts';
import { VERSION } from '../version.ts';
import { newId } from './new-id.ts';

/** Deployments with a `mock_response` answer by themselves; all others are reached over the network. */
export function chooseUpstream(transport: Transport, nowMs: () => number): Upstream {
  const remote = createUpstream({ transport, dialectOf: () => openai });
  const mocked = createMockUpstream({ nowMs, newId });
  const of = (deployment: Deployment): Upstream => (deployment.mockResponse === null ? remote : mocked);
  return {
    send: (call, target, options) => of(target.deployment).send(call, target, options),
    stream: (call, target, options) => of(target.deployment).stream(call, target, options),
  };
}

/** What a model call needs. */
export async function buildGatewayDeps(
  config: Config,
  parts: Pick<
    GatewayDeps,
    | 'models'
    | 'counters'
    | 'owners'
    | 'live'
    | 'cooldowns'
    | 'observer'
    | 'calendar'
    | 'ledger'
    | 'logs'
    | 'upstream'
    | 'nowMs'
    | 'random'
    | 'onNewEndUser'
    | 'reassureCaller'
  > & {
    logger: pino.Logger;
    /** A call to a model whose price nobody knows. */
    onUnpriced(group: string): void;
  },
): Promise<GatewayDeps> {
  const { logger, onUnpriced, ...given } = parts;
  const { general, router } = config;
  const prices = await loadPriceLibrary();
  const warned = new Set<string>();
  return {
    ...given,
    settings: {
      version: VERSION,
      budgetMode: general.budgetMode,
      rateWindowMs: general.rateLimitWindowMs,
      tokenRateType: general.tokenRateLimitType,
      typicalOutputTokens: general.typicalOutputTokens,
      hardDefaultMaxTokens: general.hardBudgetDefaultMaxTokens,
      tokensPerImage: general.hardBudgetTokensPerImage,
      numRetries: router.numRetries,
      requestTimeoutMs: router.timeoutMs,
      tagFiltering: router.enableTagFiltering,
      storePrompts: general.storePromptsInSpendLogs,
      enforceUserParam: general.enforceUserParam,
      enforcedParams: general.enforcedParams,
      rejectClientTags: general.rejectClientTags,
      proxy: proxyLimits(config),
      newEndUserLimits: newEndUserLimits(config),
    },
    priceOf: (deployment, upstreamModel) => {
      const listed = prices.findModelPrice(deployment.provider, deployment.baseModel ?? upstreamModel, given.nowMs());
      return toPricedModel(deployment, listed);
    },
    onUnknownPrice: (model) => {
      onUnpriced(model);
      if (warned.has(model) || warned.size >= 1_000) return;
      warned.add(model);
      logger.warn({ model }, 'no price is known for this model: its calls are billed at 0');
    },
    onFault: (error, requestId) =>
      logger.error({ err: error, request_id: requestId }, 'a model call failed inside the gateway'),
  };
}

function toPricedModel(deployment: Deployment, listed: PricedModel): PricedModel {
  return {
    price: deployment.price ?? listed.price,
    maxOutputTokens: deployment.maxOutputTokens ?? listed.maxOutputTokens,
  };
}

/** The limits of the whole proxy are those of one more owner on every path. */
function proxyLimits({ general }: Config): OwnerLimits {
  const limits: Limits = {
    ...NO_LIMITS,
    maxBudgetNanoUsd: general.maxBudgetNanoUsd,
    budgetDuration: general.budgetDuration,
    maxParallelRequests: general.globalMaxParallelRequests,
  };
  return compileLimits(plainPolicy({ kind: 'proxy', id: 'litellm-proxy-budget' }, limits));
}

/** What an end user may use up whose first call it is. */
export function newEndUserLimits({ general }: Pick<Config, 'general'>): Limits | null {
  const maxBudgetNanoUsd = general.maxEndUserBudgetNanoUsd;
  return maxBudgetNanoUsd === null ? null : { ...NO_LIMITS, maxBudgetNanoUsd };
}
