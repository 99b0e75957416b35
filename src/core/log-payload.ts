/**
 * The record of a call as log destinations get it: LiteLLM's StandardLoggingPayload by its newest names, so that what
 * reads LiteLLM's logs reads these. `write-log-payload.ts` writes it.
 */
import type { Json, JsonObject } from './json.ts';

/** Stands where content is not given out; LiteLLM's word, which its readers know. */
export const REDACTED = 'redacted-by-litellm';

/** The line read back, as far as sinks use it. Costs are US dollars, times seconds since 1970. */
export interface LogPayload {
  /** The upstream's response id, else the call's own. */
  id: string;
  litellm_call_id: string;
  trace_id: string;
  call_type: string;
  stream: boolean;
  status: 'success' | 'failure';
  response_cost: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  startTime: number;
  endTime: number;
  completionStartTime: number;
  response_time: number;
  model: string;
  model_id: string | null;
  model_group: string | null;
  custom_llm_provider: string | null;
  api_base: string | null;
  metadata: LogPayloadMetadata;
  request_tags: string[];
  end_user: string | null;
  requester_ip_address: string | null;
  messages: Json;
  response: Json;
  error_str: string | null;
  error_information: { error_code: string; error_class: string; error_message: string; llm_provider: string } | null;
  model_parameters: JsonObject;
}

/** Also holds `user_api_key_*` and the like, which a sink passes on as they are. */
export interface LogPayloadMetadata {
  /** The key's immutable name. */
  key_id: string | null;
  user_api_key_hash: string | null;
  user_api_key_alias: string | null;
  user_api_key_team_id: string | null;
  user_api_key_team_alias: string | null;
  user_api_key_org_id: string | null;
  user_api_key_user_id: string | null;
  user_api_key_user_email: string | null;
  user_api_key_end_user_id: string | null;
  spend_logs_metadata: JsonObject | null;
  requester_metadata: JsonObject | null;
  usage_object: { cache_read_input_tokens: number; cache_creation_input_tokens: number; reasoning_tokens: number };
}
