import { mockAnswer, mockStreamFrames } from './mock/index.ts';
import { openai } from './openai/index.ts';
import type { StreamSink } from './transport.ts';
import type { StreamedResult, Upstream } from './upstream.ts';
import { UpstreamHeaders } from './upstream-headers.ts';

/**
 * Deployments with a `mock_response`: answers in OpenAI's form that no network is needed for. They take the same way as
 * real ones (metering, billing, backpressure), so that trying the gateway with them shows what it does.
 */
export function createMockUpstream(deps: { nowMs(): number; newId(prefix: string): string }): Upstream {
  const stamp = () => ({ id: deps.newId('mock-'), createdSeconds: Math.floor(deps.nowMs() / 1_000) });
  return {
    async send(call, { deployment }) {
      const body = mockAnswer(call, deployment, stamp());
      return { headers: NO_HEADERS, answer: openai.parseAnswer(call, 200, body) };
    },
    async stream(call, { deployment }, options) {
      const stream = playFrames(mockStreamFrames(call, deployment, stamp()));
      options.onStart(stream.abort);
      return { headers: NO_HEADERS, stream, meter: openai.createStreamMeter(call) };
    },
  };
}

const NO_HEADERS = new UpstreamHeaders([]);

/** Hands out frames one per turn of the event loop, and none while the reader holds back. */
function playFrames(frames: readonly Buffer[]): StreamedResult['stream'] {
  let sink: StreamSink | null = null;
  let next = 0;
  let paused = false;
  let ended = false;
  /** Aborted before anybody listened. */
  let early: Error | null = null;
  const step = (): void => {
    if (sink === null || paused || ended) return;
    const frame = frames[next];
    next += 1;
    if (frame === undefined) {
      ended = true;
      sink.onEnd();
      return;
    }
    paused = !sink.onData(frame);
    if (!paused) setImmediate(step);
  };
  return {
    pipe(to) {
      sink = to;
      if (early !== null) to.onError(early);
      else setImmediate(step);
    },
    resume() {
      if (!paused) return;
      paused = false;
      setImmediate(step);
    },
    abort(reason) {
      if (ended) return;
      ended = true;
      if (sink === null) early = reason;
      else sink.onError(reason);
    },
  };
}
