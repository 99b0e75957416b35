import { organizationIdOf, teamIdOf } from '../core/call-owners.ts';
import type { Caller } from '../core/caller.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { LogRoute } from '../core/log-route.ts';
import { CALL_TYPES } from '../core/operation.ts';
import type { CallIntent } from '../core/spend-record.ts';
import { type Admission, heldBalances } from './admit-call.ts';
import type { CallRequest } from './call-request.ts';
import type { CallParties } from './find-parties.ts';
import type { ParsedCall } from './parse-call.ts';
import type { PreparedCall } from './prepare-call.ts';

/** An admitted call: everything that its answer's headers and its bill are made from. */
export interface OpenCall {
  request: CallRequest;
  parsed: ParsedCall;
  parties: CallParties;
  prepared: PreparedCall;
  admission: Admission;
  intent: CallIntent;
  /** `spend_logs_metadata` of key and request, the request's winning. */
  spendMetadata: JsonObject | null;
  /** Where it is logged; null: nowhere. */
  logRoute: LogRoute | null;
}

/** Pure: what the journal is told before the upstream is called. */
export function buildOpenCall(
  request: CallRequest,
  parsed: ParsedCall,
  parties: CallParties,
  admission: Admission,
  logRoute: LogRoute | null,
  startedAtMs: number,
): OpenCall {
  const { caller } = request;
  const { prepared } = admission;
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
    teamId: teamIdOf(caller),
    organizationId: organizationIdOf(caller),
    endUser: parties.endUser,
    tags: parties.tags,
    model: prepared.requested,
    modelGroup: prepared.group,
    stream: parsed.stream,
    sourceIp: request.sourceIp,
    balances,
    heldNanoUsd: admission.plan.estimatedNanoUsd,
  };
  const spendMetadata = spendMetadataOf(caller, parsed.body);
  return { request, parsed, parties, prepared, admission, intent, spendMetadata, logRoute };
}

function spendMetadataOf({ key }: Caller, body: Readonly<Record<string, unknown>>): JsonObject | null {
  const ofKey = key?.metadata.spend_logs_metadata;
  const ofRequest = isJsonObject(body.metadata) ? body.metadata.spend_logs_metadata : undefined;
  if (!isJsonObject(ofKey) && !isJsonObject(ofRequest)) return null;
  return { ...(isJsonObject(ofKey) ? ofKey : {}), ...(isJsonObject(ofRequest) ? ofRequest : {}) };
}

/** The answer is kept until the call is settled: for its row, or for a log destination. */
export function keepsAnswer({ storePrompts }: { storePrompts: boolean }, { logRoute }: OpenCall): boolean {
  return storePrompts || logRoute?.wantsContent === true;
}
