import { type GatewayError, toEnvelope } from '../core/gateway-error.ts';
import type { StreamedResult } from '../providers/upstream.ts';
import type { ClientSink } from './call-request.ts';
import { createDoneMarker } from './done-marker.ts';
import type { FollowedCall } from './follow-call.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { guessUsage } from './guess-usage.ts';
import type { OpenCall } from './open-call.ts';
import type { Reached } from './reach-upstream.ts';
import { settleCall } from './settle-call.ts';
import { toFailure } from './to-failure.ts';

const NOTHING = Buffer.alloc(0);

/**
 * Passes an upstream's stream on, frame for frame as it comes and no faster than the client reads, and bills it.
 * What ends the stream (`data: [DONE]`, or an error event) leaves only when the bill is journalled.
 */
export function createRelay(
  deps: GatewayDeps,
  call: OpenCall,
  reached: Reached<StreamedResult>,
  live: FollowedCall,
): (sink: ClientSink) => Promise<void> {
  const { stream, meter } = reached.result;
  return (sink) =>
    new Promise((resolve) => {
      let firstTokenAtMs: number | null = null;
      let finished = false;
      const marker = createDoneMarker();
      const kept: Buffer[] | null = deps.settings.storePrompts ? [] : null;
      sink.onDrain(() => stream.resume());
      stream.pipe({
        onData(chunk) {
          // After the end mark nothing is expected; what comes all the same is read so that the socket can be used again.
          if (finished) return true;
          const bytes = meter.push(chunk);
          if (bytes === null) return true;
          firstTokenAtMs ??= deps.nowMs();
          kept?.push(bytes);
          const leaving = marker.push(bytes);
          if (marker.seen) finish(null);
          return leaving === null || sink.write(leaving);
        },
        onEnd: () => finish(null),
        onError: (error) => finish(error),
      });

      function finish(failure: Error | null): void {
        if (finished) return;
        finished = true;
        const rest = meter.end();
        const tail = Buffer.concat([marker.take() ?? NOTHING, rest ?? NOTHING]);
        const error = failure === null ? null : toFailure(deps, failure, call.request.requestId);
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
          response: kept === null ? null : Buffer.concat(kept).toString('utf8'),
        });
        billed.then(
          () => conclude(error, tail),
          (unbilled) => conclude(toFailure(deps, unbilled, call.request.requestId), NOTHING),
        );
      }

      function conclude(error: GatewayError | null, tail: Buffer): void {
        if (!live.clientGone) {
          if (error !== null) sink.write(Buffer.from(`data: ${JSON.stringify(toEnvelope(error))}\n\n`));
          else if (tail.length > 0) sink.write(tail);
        }
        sink.end();
        resolve();
      }
    });
}
