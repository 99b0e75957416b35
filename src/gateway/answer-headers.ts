import type { Charge, HeldCharge } from '../core/charge.ts';
import { RATE_SCOPE, rateScope, toFloatText } from '../core/denial.ts';
import type { KeyRecord } from '../core/key.ts';
import type { Deployment } from '../core/model.ts';
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
  const headers: HeaderList = [
    ...deploymentHeaders(candidate.deployment),
    'x-litellm-attempted-retries',
    String(retries),
    'x-litellm-attempted-fallbacks',
    call.prepared.insteadOf === null ? '0' : '1',
    'x-litellm-max-retries',
    String(maxRetries),
    'x-litellm-timeout',
    String(timeoutMs / 1_000),
  ];
  addKeyHeaders(headers, call);
  let scarcest: HeldCharge | null = null;
  for (const held of call.admission.hold.charges) {
    if (held.charge.tag === undefined) addLimitHeaders(headers, held);
    else if (scarcest === null || held.remaining < scarcest.remaining) scarcest = held;
  }
  if (scarcest !== null) addTagHeaders(headers, scarcest);
  const cut = call.admission.outputCut;
  if (call.prepared.insteadOf !== null) {
    headers.push('x-latchkey-budget-fallback-for', toHeaderText(call.prepared.insteadOf));
  }
  if (cut?.lowered) headers.push('x-latchkey-max-tokens-lowered-to', String(cut.maxTokens));
  result.headers.forEach(FORWARDED_LETTERS, (name, value) => {
    if (FORWARDED.test(name)) headers.push(`llm_provider-${name}`, toHeaderText(value));
  });
  return headers;
}

const ofDeployments = new WeakMap<Deployment, HeaderList>();

/** What is the same for every answer of a deployment. All deployments of a group have its name as theirs. */
function deploymentHeaders(deployment: Deployment): HeaderList {
  let headers = ofDeployments.get(deployment);
  if (headers === undefined) {
    const { id, modelName, apiBase, region } = deployment;
    headers = ['x-litellm-model-id', toHeaderText(id), 'x-litellm-model-group', toHeaderText(modelName)];
    if (region !== null) headers.push('x-litellm-model-region', toHeaderText(region));
    if (apiBase !== null) headers.push('x-litellm-model-api-base', toHeaderText(withoutQuery(apiBase)));
    ofDeployments.set(deployment, headers);
  }
  return headers;
}

const ofKeys = new WeakMap<KeyRecord, HeaderList>();

/** A key's limits. Records are immutable, so they are written once. */
function keyHeaders(key: KeyRecord): HeaderList {
  let headers = ofKeys.get(key);
  if (headers === undefined) {
    headers = [];
    if (key.tpmLimit !== null) headers.push('x-litellm-key-tpm-limit', String(key.tpmLimit));
    if (key.rpmLimit !== null) headers.push('x-litellm-key-rpm-limit', String(key.rpmLimit));
    if (key.maxBudgetNanoUsd !== null) headers.push('x-litellm-key-max-budget', toFloatText(key.maxBudgetNanoUsd));
    ofKeys.set(key, headers);
  }
  return headers;
}

function addKeyHeaders(headers: HeaderList, call: OpenCall): void {
  const { key } = call.request.caller;
  if (key === null) return;
  headers.push(...keyHeaders(key));
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
  const names = LIMIT_NAMES[charge.owner.kind][unit];
  const limit = String(charge.ceiling);
  const left = String(remaining);
  headers.push(names.limit, limit);
  headers.push(names.remaining, left);
  if (names.plainLimit === null) return;
  headers.push(names.plainLimit, limit);
  headers.push(names.plainRemaining, left);
}

/** Of all tags with a limit the one with the least left: clients name as many tags as they like, in any script. */
function addTagHeaders(headers: HeaderList, { charge, remaining }: HeldCharge): void {
  const scope = rateScope(charge);
  headers.push(`x-ratelimit-${scope}-limit-requests`, String(charge.ceiling));
  headers.push(`x-ratelimit-${scope}-remaining-requests`, String(remaining));
}

const LIMIT_UNITS = ['requests', 'tokens', 'max_parallel_requests'] as const;
type LimitUnit = (typeof LIMIT_UNITS)[number];

interface LimitNames {
  limit: string;
  remaining: string;
  /** Null where OpenAI has no such header. */
  plainLimit: string | null;
  plainRemaining: string;
}

/** The same few names for every call, so each is put together once. */
const LIMIT_NAMES = Object.fromEntries(
  (Object.keys(RATE_SCOPE) as OwnerKind[]).map((kind) => [
    kind,
    Object.fromEntries(LIMIT_UNITS.map((unit) => [unit, toLimitNames(kind, unit)])) as Record<LimitUnit, LimitNames>,
  ]),
) as Record<OwnerKind, Record<LimitUnit, LimitNames>>;

function toLimitNames(kind: OwnerKind, unit: LimitUnit): LimitNames {
  const scope = RATE_SCOPE[kind];
  const isPlain = kind === 'key' && unit !== 'max_parallel_requests';
  return {
    limit: `x-ratelimit-${scope}-limit-${unit}`,
    remaining: `x-ratelimit-${scope}-remaining-${unit}`,
    plainLimit: isPlain ? `x-ratelimit-limit-${unit}` : null,
    plainRemaining: `x-ratelimit-remaining-${unit}`,
  };
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
