import type { Charge, HeldCharge } from '../core/charge.ts';
import { RATE_SCOPE, toFloatText } from '../core/denial.ts';
import type { OwnerKind } from '../core/owner.ts';
import type { UpstreamHeaders } from '../providers/upstream-headers.ts';
import type { HeaderList } from './call-request.ts';
import type { OpenCall } from './open-call.ts';
import type { Reached } from './reach-upstream.ts';

/** What an upstream's header must start with to be passed on (as `llm_provider-…`): its limits, ids and timings. */
const FORWARDED = /^(?:x-ratelimit-|x-request-id$|openai-|request-id$|anthropic-|retry-after)/;
const FORWARDED_LETTERS = 'xora';

/** Node refuses to send a header with anything else in its name or value, and the answer with it. */
const NOT_IN_HEADER_NAMES = /[^A-Za-z0-9!#$%&'*+.^_`|~-]/g;
const NOT_IN_HEADER_TEXT = /[^\x20-\x7e]/;

/** LiteLLM's response headers for a call that an upstream has answered. Holds no secret and no query string. */
export function buildAnswerHeaders(
  call: OpenCall,
  { candidate, result, retries, maxRetries, timeoutMs }: Reached<{ headers: UpstreamHeaders }>,
): HeaderList {
  const { deployment } = candidate;
  const headers: HeaderList = [
    'x-litellm-model-id',
    toHeaderText(deployment.id),
    'x-litellm-model-group',
    toHeaderText(call.prepared.group),
    'x-litellm-attempted-retries',
    String(retries),
    'x-litellm-attempted-fallbacks',
    '0',
    'x-litellm-max-retries',
    String(maxRetries),
    'x-litellm-timeout',
    String(timeoutMs / 1_000),
  ];
  const apiBase = deployment.apiBase === null ? null : withoutQuery(deployment.apiBase);
  if (apiBase !== null) headers.push('x-litellm-model-api-base', toHeaderText(apiBase));
  addKeyHeaders(headers, call);
  for (const held of call.admission.hold.charges) addLimitHeaders(headers, held);
  const cut = call.admission.outputCut;
  if (cut?.lowered) headers.push('x-latchkey-max-tokens-lowered-to', String(cut.maxTokens));
  result.headers.forEach(FORWARDED_LETTERS, (name, value) => {
    if (FORWARDED.test(name)) headers.push(`llm_provider-${name}`, toHeaderText(value));
  });
  return headers;
}

function addKeyHeaders(headers: HeaderList, call: OpenCall): void {
  const { key } = call.request.caller;
  if (key === null) return;
  if (key.tpmLimit !== null) headers.push('x-litellm-key-tpm-limit', String(key.tpmLimit));
  if (key.rpmLimit !== null) headers.push('x-litellm-key-rpm-limit', String(key.rpmLimit));
  if (key.maxBudgetNanoUsd !== null) headers.push('x-litellm-key-max-budget', toFloatText(key.maxBudgetNanoUsd));
  for (const { charge, usedBefore } of call.admission.hold.charges) {
    if (charge.limit === 'max_budget' && charge.owner.kind === 'key')
      headers.push('x-litellm-key-spend', toFloatText(usedBefore));
  }
}

/** Both families of LiteLLM's limit headers: the per-owner one and the plain one that OpenAI clients know. */
function addLimitHeaders(headers: HeaderList, { charge, remaining }: HeldCharge): void {
  const unit = headerUnit(charge);
  if (unit === null) return;
  if (charge.model !== undefined) {
    const model = charge.model.replace(NOT_IN_HEADER_NAMES, '_');
    headers.push(`x-litellm-${charge.owner.kind}-remaining-${unit}-${model}`, String(remaining));
    return;
  }
  const names = limitNames(charge.owner.kind, unit);
  const limit = String(charge.ceiling);
  const left = String(remaining);
  headers.push(names.limit, limit);
  headers.push(names.remaining, left);
  if (names.plainLimit === null) return;
  headers.push(names.plainLimit, limit);
  headers.push(names.plainRemaining, left);
}

type LimitUnit = 'requests' | 'tokens' | 'max_parallel_requests';

interface LimitNames {
  limit: string;
  remaining: string;
  /** Null where OpenAI has no such header. */
  plainLimit: string | null;
  plainRemaining: string;
}

const knownNames = new Map<string, LimitNames>();

/** The same few names for every call, so each is put together once. */
function limitNames(kind: OwnerKind, unit: LimitUnit): LimitNames {
  const id = `${kind} ${unit}`;
  let names = knownNames.get(id);
  if (names === undefined) {
    const scope = RATE_SCOPE[kind];
    const isPlain = kind === 'key' && unit !== 'max_parallel_requests';
    names = {
      limit: `x-ratelimit-${scope}-limit-${unit}`,
      remaining: `x-ratelimit-${scope}-remaining-${unit}`,
      plainLimit: isPlain ? `x-ratelimit-limit-${unit}` : null,
      plainRemaining: `x-ratelimit-remaining-${unit}`,
    };
    knownNames.set(id, names);
  }
  return names;
}

function headerUnit({ unit }: Charge): LimitUnit | null {
  if (unit === 'nano_usd') return null;
  return unit === 'slots' ? 'max_parallel_requests' : unit;
}

/** Names from a configuration may be in any script; a header carries ASCII only, the rest as in URLs. */
function toHeaderText(text: string): string {
  return NOT_IN_HEADER_TEXT.test(text) ? encodeURI(Buffer.from(text).toString()) : text;
}

function withoutQuery(address: string): string {
  const query = address.indexOf('?');
  return query === -1 ? address : address.slice(0, query);
}
