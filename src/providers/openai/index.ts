import type { Provider } from '../provider.ts';
import { buildRequest } from './build-request.ts';
import { parseAnswer } from './parse-answer.ts';
import { parseError } from './parse-error.ts';
import { secretsOf } from './redact-secrets.ts';
import { OpenAiStreamMeter } from './stream-meter.ts';
import { readStreamRefusal } from './stream-refusal.ts';
import { asksForUsage } from './stream-usage.ts';

/** OpenAI's dialect, spoken by OpenAI, Azure and everything that calls itself compatible. */
export const openai: Provider = {
  buildRequest,
  parseAnswer: (call, _status, body) => parseAnswer(call, body),
  createStreamMeter: (call, deployment) => new OpenAiStreamMeter({ hideUsage: !asksForUsage(call.body), deployment }),
  readStreamRefusal: (chunk, deployment) => readStreamRefusal(chunk, secretsOf(deployment)),
  parseError: (status, body, deployment) => parseError(status, body, secretsOf(deployment)),
};
