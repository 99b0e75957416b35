import { NOT_CHARGED } from '../core/admission.ts';
import type { ModelPrice } from '../core/model.ts';
import { computeCostNanoUsd } from '../core/pricing.ts';
import type { SpendRecord } from '../core/spend-record.ts';
import type { Usage } from '../core/usage.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { OpenCall } from './open-call.ts';
import type { Outcome } from './outcome.ts';
import { toCallLog } from './to-call-log.ts';
import { toFailure } from './to-failure.ts';

/** Characters of an error's message. */
const MOST_KEPT_WORDS = 2_000;

/** Nano-dollars. A model whose price nobody knows costs 0 here (in hard mode it was never admitted). */
export function costOf(usage: Usage | null, price: ModelPrice | null): number {
  return usage === null || price === null ? 0 : computeCostNanoUsd(usage, price);
}

/**
 * The bill: journals it and turns what was held into what was used. Resolves once the record is safe from a crash of
 * this process, so whoever sends the last byte afterwards has sent nothing that is not billed.
 */
export async function settleCall(deps: GatewayDeps, call: OpenCall, outcome: Outcome): Promise<void> {
  const nowMs = deps.nowMs();
  const price = outcome.candidate?.price ?? null;
  const nanoUsd = costOf(outcome.usage, price);
  if (outcome.usage !== null && price === null) deps.onUnknownPrice(call.prepared.group);
  const record = toSpendRecord(deps, call, outcome, nanoUsd, nowMs);
  // Journal and counters move in the same turn, so that a balance read in between sees the call in exactly one of them.
  const journalled = journal(deps, record);
  const logged = call.logRoute === null ? null : offerLog(deps, call, outcome, record);
  const { hold, plan } = call.admission;
  const settled = deps.counters.settle(hold, { tokens: countedTokens(deps, outcome.usage), nanoUsd }, nowMs);
  const { error, upstreamMs } = outcome;
  deps.observer.settled(record, call.request.caller, hold.charges, error?.code ?? null, upstreamMs);
  if (nanoUsd !== 0) {
    plan.balanceCounters.forEach((counter, index) => {
      if (plan.balanceCharges[index] === NOT_CHARGED) void deps.counters.adjust(counter, nanoUsd);
    });
  }
  if (settled instanceof Promise) await settled;
  try {
    await journalled;
  } catch (error) {
    if (logged !== null) await correctLog(deps, call, outcome, record, error);
    throw error;
  }
  // Written in the same turn as the bill, so this waits for nothing.
  if (logged !== null) await logged;
}

/** Null: nobody wants the record. A call that was answered and billed does not fail for its log. */
function offerLog(deps: GatewayDeps, call: OpenCall, outcome: Outcome, record: SpendRecord): Promise<unknown> | null {
  try {
    return deps.logs?.offer(toCallLog(call, outcome, record), call.logRoute?.destinations ?? []) ?? null;
  } catch (error) {
    deps.onFault(error, record.requestId);
    return null;
  }
}

/**
 * The log's record is written together with the bill, because waiting for the bill first would cost every call a turn. So
 * where the bill cannot be journalled there is a record of a call that its client is refused: a second one under the same id
 * says so, to whoever got the first. Its bill comes when the journal is read again, as `unsettled`, and with it a third.
 */
async function correctLog(
  deps: GatewayDeps,
  call: OpenCall,
  outcome: Outcome,
  record: SpendRecord,
  cause: unknown,
): Promise<void> {
  const error = toFailure(deps, cause, record.requestId);
  const destinations = call.logRoute?.destinations ?? [];
  const all = destinations.map((destination) => ({ ...destination, outcome: 'both' as const }));
  const failed = { ...outcome, status: 'failure', httpStatus: error.status, error } as const;
  const facts = { ...record, status: 'failure', httpStatus: error.status, errorType: error.type } as const;
  await offerLog(deps, { ...call, logRoute: { destinations: all, wantsContent: false } }, failed, facts);
}

/** What a client may have put into a record must not keep its call off the bill: without it the record is journalled. */
function journal(deps: GatewayDeps, record: SpendRecord): Promise<void> {
  try {
    return deps.ledger.settle(record);
  } catch (error) {
    deps.onFault(error, record.requestId);
    return deps.ledger.settle({ ...record, metadata: {}, messages: null, response: null });
  }
}

function countedTokens({ settings }: GatewayDeps, usage: Usage | null): number {
  if (usage === null) return 0;
  switch (settings.tokenRateType) {
    case 'input':
      return usage.promptTokens;
    case 'output':
      return usage.completionTokens;
    case 'total':
      return usage.totalTokens;
  }
}

function toSpendRecord(
  deps: GatewayDeps,
  call: OpenCall,
  outcome: Outcome,
  nanoUsd: number,
  nowMs: number,
): SpendRecord {
  const { intent, parsed } = call;
  const { usage, candidate } = outcome;
  const { storePrompts } = deps.settings;
  return {
    requestId: intent.requestId,
    responseId: outcome.responseId,
    callType: intent.callType,
    status: outcome.status,
    startedAtMs: intent.startedAtMs,
    endedAtMs: nowMs,
    firstTokenAtMs: outcome.firstTokenAtMs,
    keyId: intent.keyId,
    keyHash: intent.keyHash,
    keyAlias: intent.keyAlias,
    userId: intent.userId,
    teamId: intent.teamId,
    organizationId: intent.organizationId,
    endUser: intent.endUser,
    tags: intent.tags,
    model: intent.model,
    modelGroup: intent.modelGroup,
    deploymentId: candidate?.deployment.id ?? null,
    provider: candidate?.deployment.provider ?? null,
    apiBase: candidate?.deployment.apiBase ?? null,
    promptTokens: usage?.promptTokens ?? 0,
    completionTokens: usage?.completionTokens ?? 0,
    totalTokens: usage?.totalTokens ?? 0,
    cacheReadTokens: usage?.cacheReadTokens ?? 0,
    cacheWriteTokens: usage?.cacheWriteTokens ?? 0,
    reasoningTokens: usage?.reasoningTokens ?? 0,
    usageEstimated: usage?.estimated ?? false,
    spendNanoUsd: nanoUsd,
    stream: intent.stream,
    sourceIp: intent.sourceIp,
    sessionId: null,
    httpStatus: outcome.httpStatus,
    errorType: outcome.error?.type ?? null,
    metadata: metadataOf(call, storePrompts ? outcome.error : null),
    messages: storePrompts ? promptOf(parsed.body) : null,
    response: storePrompts ? outcome.response : null,
    balances: nanoUsd === 0 ? [] : call.admission.plan.balanceCounters.map((counter) => ({ counter, nanoUsd })),
  };
}

/** An upstream's words may repeat the prompt, so an error is passed on here where prompts are kept. */
function metadataOf({ spendMetadata }: OpenCall, error: Outcome['error']): SpendRecord['metadata'] {
  const metadata = spendMetadata === null ? {} : { spend_logs_metadata: spendMetadata };
  return error === null ? metadata : { ...metadata, error_message: error.message.slice(0, MOST_KEPT_WORDS) };
}

function promptOf(body: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(body.messages ?? body.prompt ?? body.input ?? null);
  } catch {
    return '"nested too deeply to be stored"';
  }
}
