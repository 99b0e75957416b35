import { type GatewayError, toEnvelope } from '../core/gateway-error.ts';
import { endedSilently } from '../core/silent-answer.ts';
import type { StreamedResult } from '../providers/upstream.ts';
import type { ClientSink } from './call-request.ts';
import type { FollowedCall } from './follow-call.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { guessUsage } from './guess-usage.ts';
import { keepsAnswer, type OpenCall } from './open-call.ts';
import type { Reached } from './reach-upstream.ts';
import { settleCall } from './settle-call.ts';
import { toFailure } from './to-failure.ts';

/**
 * Passes an upstream's stream on, frame for frame as it comes and no faster than the client reads, and bills it.
 * What ends the stream (`data: [DONE]`, which the meter keeps back, or an error event) leaves only when the bill is
 * journalled.
 */
export function createRelay(
  deps: GatewayDeps,
  call: OpenCall,
  reached: Reached<StreamedResult>,
  live: FollowedCall,
): (sink: ClientSink) => Promise<void> {
  const { stream, meter } = reached.result;
  const headersAtMs = deps.nowMs();
  return (sink) =>
    new Promise((resolve) => {
      let firstTokenAtMs: number | null = null;
      const kept: Buffer[] | null = keepsAnswer(deps.settings, call) ? [] : null;
      sink.onDrain(() => stream.resume());
      stream.pipe({
        onData(chunk) {
          const bytes = meter.push(chunk);
          if (bytes === null) return true;
          firstTokenAtMs ??= deps.nowMs();
          kept?.push(bytes);
          return sink.write(bytes);
        },
        onEnd: () => finish(null),
        onError: (error) => finish(error),
      });

      function finish(failure: Error | null): void {
        const tail = meter.end();
        // Nothing at all is no answer, and no client makes one of it.
        const silent = failure === null && firstTokenAtMs === null && tail === null;
        const trouble = silent ? endedSilently(reached.candidate.deployment.id) : failure;
        const error = trouble === null ? null : toFailure(deps, trouble, call.request.requestId);
        const streamError = meter.streamError();
        const { frames, contentBytes } = meter.delivered();
        live.settled = true;
        deps.live.remove(live);
        const billed = settleCall(deps, call, {
          status: live.clientGone ? 'aborted' : error === null && streamError === null ? 'success' : 'failure',
          httpStatus: 200,
          error,
          usage: meter.usage() ?? guessUsage(call, contentBytes, frames),
          candidate: reached.candidate,
          responseId: meter.responseId(),
          firstTokenAtMs,
          upstreamMs: reached.upstreamMs + deps.nowMs() - headersAtMs,
          response: kept === null ? null : Buffer.concat(kept).toString('utf8'),
        });
        billed.then(
          () => conclude(error, tail),
          (unbilled) => conclude(toFailure(deps, unbilled, call.request.requestId), null),
        );
      }

      function conclude(error: GatewayError | null, tail: Buffer | null): void {
        if (!live.clientGone) {
          if (error !== null) sink.write(Buffer.from(`data: ${JSON.stringify(toEnvelope(error))}\n\n`));
          else if (tail !== null) sink.write(tail);
        }
        sink.end();
        resolve();
      }
    });
}
