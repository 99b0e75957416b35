import type { GatewayError } from '../core/gateway-error.ts';
import type { CallStatus } from '../core/spend-record.ts';
import type { Usage } from '../core/usage.ts';
import type { Candidate } from './prepare-call.ts';

/** How a call ended. */
export interface Outcome {
  status: CallStatus;
  httpStatus: number;
  error: GatewayError | null;
  /** Null: nothing was used, as far as anybody knows. */
  usage: Usage | null;
  /** The deployment that answered; null when none did. */
  candidate: Candidate | null;
  responseId: string | null;
  firstTokenAtMs: number | null;
  /** Spent waiting for upstreams; null when none answered. */
  upstreamMs: number | null;
  /** The answer's text, kept only where prompts are stored or a log destination gets them. */
  response: string | null;
}
