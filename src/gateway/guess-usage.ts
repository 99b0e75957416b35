import { estimatedUsage, type Usage } from '../core/usage.ts';
import type { OpenCall } from './open-call.ts';

/** For upstreams that report no usage: input as estimated, output by what was passed on; a frame is at least a token. */
export function guessUsage(call: OpenCall, contentBytes: number, frames: number): Usage {
  const { estimate } = call.prepared.facts;
  const output = estimate.producesOutput ? Math.max(frames, Math.ceil(contentBytes / 4)) : 0;
  return estimatedUsage(estimate.billedInputTokens, output);
}
