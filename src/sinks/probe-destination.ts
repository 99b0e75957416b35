import { type CallLog, NO_OWNER_NAMES } from '../core/call-log.ts';
import { JsonBytes } from '../core/json-bytes.ts';
import type { LogDestination } from '../core/log-destination.ts';
import type { LogPayload } from '../core/log-payload.ts';
import { writeLogPayload } from '../core/write-log-payload.ts';
import { openSink, type SinkMaker } from './open-sink.ts';
import { type Sink, wordsOf } from './sink.ts';
import type { ProbeResult } from './sinks.ts';

/** LiteLLM's name for the model of a call that only tests where calls are logged. */
const PROBE_MODEL = 'openai/litellm-key-health-test';

/** Delivers one record through a sink that is made for it, as a call's would be. Never throws. */
export async function probeDestination(
  destination: LogDestination,
  maker: SinkMaker,
  id: string,
): Promise<ProbeResult> {
  const beganMs = maker.deps.nowMs();
  let sink: Sink | null = null;
  let error: string | null = null;
  try {
    sink = openSink(destination, maker);
    const line = new JsonBytes();
    writeLogPayload(line, probeLog(destination, id, beganMs), true);
    const text = line.toString();
    const records = () => [JSON.parse(text) as LogPayload];
    await sink.deliver({ id, createdAtMs: beganMs, count: 1, ndjson: Buffer.from(`${text}\n`), records });
  } catch (thrown) {
    error = wordsOf(thrown);
  }
  await sink?.close().catch(() => {});
  return { ok: error === null, error, tookMs: Math.max(0, maker.deps.nowMs() - beganMs) };
}

function probeLog({ scope, ownerId }: LogDestination, id: string, nowMs: number): CallLog {
  return {
    facts: {
      requestId: id,
      responseId: null,
      callType: 'acompletion',
      status: 'success',
      startedAtMs: nowMs,
      endedAtMs: nowMs,
      firstTokenAtMs: null,
      keyId: scope === 'key' ? ownerId : null,
      keyHash: '',
      keyAlias: null,
      userId: null,
      teamId: scope === 'team' ? ownerId : null,
      organizationId: null,
      endUser: null,
      tags: [],
      model: PROBE_MODEL,
      modelGroup: null,
      deploymentId: null,
      provider: null,
      apiBase: null,
      promptTokens: 0,
      completionTokens: 0,
      totalTokens: 0,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      usageEstimated: false,
      spendNanoUsd: 0,
      stream: false,
      sourceIp: null,
      sessionId: null,
      httpStatus: 200,
      errorType: null,
      metadata: {},
    },
    names: NO_OWNER_NAMES,
    upstreamModel: null,
    failure: null,
    modelParameters: {},
    requestMetadata: null,
    content: null,
  };
}
