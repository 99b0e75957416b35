/** `POST /key/explain`: what would happen to a call, asked without making it. */
import { z } from 'zod';
import { assertJsonDepth } from '../../core/assert-json-limits.ts';
import { GatewayError, toEnvelope } from '../../core/gateway-error.ts';
import { toUsd } from '../../core/money.ts';
import { refuseOperatorsFields } from '../../core/refused-fields.ts';
import type { Explanation } from '../../gateway/explain-call.ts';
import type { ExplainedRule } from '../../gateway/explained-rule.ts';
import type { ParsedCall } from '../../gateway/parse-call.ts';
import { findModelCall } from '../model-call-paths.ts';

export const keyExplainBody = z.looseObject({
  key: z.string().min(1).describe('Secret, hash, key_id or alias. Left out: the key that asks.').optional(),
  model: z
    .string()
    .min(1)
    .max(256)
    .describe('The model that the call would name. Left out: the path names it, or the default of the end user counts.')
    .optional(),
  route: z.string().describe('The route that would be called; `/v1/chat/completions` when left out.').optional(),
  ip: z.union([z.ipv4(), z.ipv6()]).describe('Where the call would come from.').optional(),
  max_tokens: z.int().nonnegative().optional(),
  n: z.int().positive().optional(),
  messages: z.array(z.unknown()).describe('As in the call itself; they decide the estimate.').optional(),
  prompt: z.union([z.string(), z.array(z.unknown())]).optional(),
  input: z.union([z.string(), z.array(z.unknown())]).optional(),
  user: z.string().describe('The end user on whose behalf the call would be made.').optional(),
  tags: z.array(z.string()).describe('What the call would be tagged with, beside the tags of the key.').optional(),
});

const numbers = z.object({
  unit: z.enum(['requests', 'tokens', 'slots', 'usd']),
  limit: z.number(),
  used: z.number(),
  held: z.number(),
  remaining: z.number(),
  this_call: z.number().describe('What the call would reserve.'),
  needed: z.number().describe('The least with which it would be let through.'),
  resets_at: z.string().nullable(),
});

export const keyExplainReply = z.object({
  allowed: z.boolean(),
  error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }).nullable(),
  served_by: z
    .string()
    .nullable()
    .describe("The model that would serve: the one asked for, or one of the key's budget_fallbacks. null: refused."),
  estimated_cost: z.number().nullable(),
  rules: z.array(
    z.object({
      rule: z.string(),
      passed: z.boolean(),
      owner: z.string().nullable(),
      model: z.string().nullable().describe('The model that a limit is for, or that would be called instead.'),
      tag: z.string().describe('The tag that a limit is for.').optional(),
      numbers: numbers.nullable(),
      message: z.string().nullable(),
    }),
  ),
});

export type KeyExplainBody = z.infer<typeof keyExplainBody>;

/**
 * The call that the question is about, as the gateway would have parsed it. Throws bad_request where no model is called on
 * the route, and when the question is too deep; invalid_request for a field that no call may have.
 */
export function toParsedCall(body: KeyExplainBody): { parsed: ParsedCall; route: string } {
  assertJsonDepth(body, 'body');
  const route = body.route ?? '/v1/chat/completions';
  const found = findModelCall(route);
  if (found === undefined) throw callsNoModel(route);
  const call = { messages: [], ...body, key: undefined, route: undefined, ip: undefined };
  refuseOperatorsFields(call);
  const text = JSON.stringify(call);
  const model = found.pathModel ?? body.model ?? null;
  return {
    parsed: { operation: found.operation, text, raw: Buffer.from(text), body: call, model, stream: false },
    route: found.url,
  };
}

function callsNoModel(route: string): GatewayError {
  const message =
    `'route' must be one on which a model is called, such as /v1/chat/completions or /v1/embeddings; ` +
    `nothing can be explained of ${route.slice(0, 256)}.`;
  return new GatewayError('bad_request', message, { param: 'route' });
}

export function fromExplanation(explanation: Explanation): z.infer<typeof keyExplainReply> {
  const { refusal, servedBy, estimatedNanoUsd } = explanation;
  return {
    allowed: explanation.allowed,
    error: refusal === null ? null : toEnvelope(refusal).error,
    served_by: servedBy,
    estimated_cost: estimatedNanoUsd === null ? null : toUsd(estimatedNanoUsd),
    rules: explanation.rules.map(fromRule),
  };
}

function fromRule({ rule, passed, owner, model, tag, numbers: counted, refusal }: ExplainedRule) {
  const scale = (amount: number): number => (counted?.unit === 'nano_usd' ? toUsd(amount) : amount);
  return {
    rule,
    passed,
    owner,
    model,
    ...(tag === undefined ? {} : { tag }),
    message: refusal?.message ?? null,
    numbers:
      counted === null
        ? null
        : {
            unit: counted.unit === 'nano_usd' ? ('usd' as const) : counted.unit,
            limit: scale(counted.ceiling),
            used: scale(counted.used),
            held: scale(counted.held),
            remaining: scale(counted.remaining),
            this_call: scale(counted.wanted),
            needed: scale(counted.atLeast),
            resets_at: counted.resetAtMs === null ? null : new Date(counted.resetAtMs).toISOString(),
          },
  };
}
