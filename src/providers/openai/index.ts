import type { Provider } from '../provider.ts';
import { buildRequest } from './build-request.ts';
import { parseAnswer } from './parse-answer.ts';
import { parseError } from './parse-error.ts';
import { OpenAiStreamMeter } from './stream-meter.ts';
import { asksForUsage } from './stream-usage.ts';

/** OpenAI's dialect, spoken by OpenAI, Azure and everything that calls itself compatible. */
export const openai: Provider = {
  buildRequest,
  parseAnswer: (call, _status, body) => parseAnswer(call, body),
  createStreamMeter: (call) => new OpenAiStreamMeter({ hideUsage: !asksForUsage(call.body) }),
  parseError: (status, body, deployment) => parseError(status, body, secretsOf(deployment)),
};

/** Everything of a deployment that its upstream might echo and nobody else may see. */
function secretsOf(deployment: Parameters<Provider['parseError']>[2]): string[] {
  if (deployment === undefined) return [];
  const { apiKey, extraHeaders } = deployment;
  return [...(apiKey === null ? [] : [apiKey]), ...Object.values(extraHeaders)];
}
