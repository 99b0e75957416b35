import type { Caller } from '../core/caller.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { keyTags } from '../core/key.ts';
import { CALL_TYPES } from '../core/operation.ts';
import type { CallIntent } from '../core/spend-record.ts';
import { type Admission, heldBalances } from './admit-call.ts';
import type { CallRequest } from './call-request.ts';
import type { ParsedCall } from './parse-call.ts';
import type { PreparedCall } from './prepare-call.ts';

/** An admitted call: everything that its answer's headers and its bill are made from. */
export interface OpenCall {
  request: CallRequest;
  parsed: ParsedCall;
  prepared: PreparedCall;
  admission: Admission;
  intent: CallIntent;
  /** `spend_logs_metadata` of key and request, the request's winning. */
  spendMetadata: JsonObject | null;
}

const MAX_NAME_LENGTH = 256;
const MAX_TAGS = 64;

/** Pure: what the journal is told before the upstream is called. */
export function buildOpenCall(
  request: CallRequest,
  parsed: ParsedCall,
  prepared: PreparedCall,
  admission: Admission,
  startedAtMs: number,
): OpenCall {
  const { caller } = request;
  const { key } = caller;
  const balances = heldBalances(admission.plan, admission.hold);
  const intent: CallIntent = {
    requestId: request.requestId,
    startedAtMs,
    callType: CALL_TYPES[parsed.operation],
    keyId: key?.keyId ?? null,
    keyHash: caller.secretHash,
    keyAlias: key?.alias ?? null,
    userId: caller.userId,
    teamId: key?.teamId ?? null,
    organizationId: key?.organizationId ?? null,
    endUser: endUserOf(request, parsed.body),
    tags: tagsOf(request, parsed.body),
    model: parsed.model,
    modelGroup: prepared.group,
    stream: parsed.stream,
    sourceIp: request.sourceIp,
    balances,
    heldNanoUsd: admission.plan.estimatedNanoUsd,
  };
  return { request, parsed, prepared, admission, intent, spendMetadata: spendMetadataOf(caller, parsed.body) };
}

function endUserOf(request: CallRequest, body: Readonly<Record<string, unknown>>): string | null {
  for (const name of [request.endUserHeader, body.user, body.safety_identifier]) {
    if (typeof name === 'string' && name !== '') return name.slice(0, MAX_NAME_LENGTH);
  }
  return null;
}

/** The key's tags, then the request's, each once. */
function tagsOf(request: CallRequest, body: Readonly<Record<string, unknown>>): string[] {
  const { metadata } = body;
  const ofKey = request.caller.key === null ? [] : keyTags(request.caller.key);
  const given = [body.tags, isJsonObject(metadata) ? metadata.tags : undefined, request.tagsHeader?.split(',')];
  if (ofKey.length === 0 && given.every((list) => list === undefined)) return ofKey;
  const tags = new Set(ofKey);
  for (const list of given) {
    if (!Array.isArray(list)) continue;
    for (const tag of list) {
      const name = typeof tag === 'string' ? tag.trim().slice(0, MAX_NAME_LENGTH) : '';
      if (name !== '' && tags.size < MAX_TAGS) tags.add(name);
    }
  }
  return [...tags];
}

function spendMetadataOf({ key }: Caller, body: Readonly<Record<string, unknown>>): JsonObject | null {
  const ofKey = key?.metadata.spend_logs_metadata;
  const ofRequest = isJsonObject(body.metadata) ? body.metadata.spend_logs_metadata : undefined;
  if (!isJsonObject(ofKey) && !isJsonObject(ofRequest)) return null;
  return { ...(isJsonObject(ofKey) ? ofKey : {}), ...(isJsonObject(ofRequest) ? ofRequest : {}) };
}
