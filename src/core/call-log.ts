import type { JsonObject } from './json.ts';
import type { SpendRecord } from './spend-record.ts';

/** The bill's facts: everything of it but what only the ledger needs, and the content. */
export type CallFacts = Omit<SpendRecord, 'balances' | 'messages' | 'response'>;

/** Why a call failed. */
export interface CallFailure {
  /** As the client read it; holds no secret. */
  message: string;
  /** The wire's `type`, or LiteLLM's name of such errors where there is one. */
  type: string;
  httpStatus: number;
  /** The part of the message that an upstream has said, which may repeat prompts; absent: there is none. */
  quoted?: string | null;
}

/** What a client sent and got. */
export interface CallContent {
  /** `messages`, `prompt` or `input` of the request. */
  messages: unknown;
  /** The answer's body as it was sent: JSON, or the events of a stream; null: there was none. */
  response: string | null;
}

/** Names and limits of those behind a call, for whoever reads its log without the database. */
export interface CallOwnerNames {
  teamAlias: string | null;
  organizationAlias: string | null;
  userEmail: string | null;
  keyMaxBudgetNanoUsd: number | null;
  teamMaxBudgetNanoUsd: number | null;
}

/** Of nobody, and of somebody of whom nothing is told. */
export const NO_OWNER_NAMES: CallOwnerNames = {
  teamAlias: null,
  organizationAlias: null,
  userEmail: null,
  keyMaxBudgetNanoUsd: null,
  teamMaxBudgetNanoUsd: null,
};

/** What a log destination is told of one call. */
export interface CallLog {
  facts: CallFacts;
  names: CallOwnerNames;
  /** The name by which the deployment that answered knows the model; null when none did. */
  upstreamModel: string | null;
  /** Null: the call succeeded. */
  failure: CallFailure | null;
  /** What the request asks for beside its content: temperature, max_tokens, … */
  modelParameters: JsonObject;
  /** The request's own `metadata`, as far as it is for logs. */
  requestMetadata: JsonObject | null;
  /** Null unless a destination of the call wants it. */
  content: CallContent | null;
}
