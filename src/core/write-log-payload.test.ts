import { describe, expect, it } from 'vitest';
import { callLog } from './__fixtures__/call-log.ts';
import type { CallLog } from './call-log.ts';
import { JsonBytes } from './json-bytes.ts';
import { type LogPayload, REDACTED } from './log-payload.ts';
import { writeLogPayload } from './write-log-payload.ts';

const lineOf = (log: CallLog, redact: boolean): string => {
  const out = new JsonBytes(16);
  writeLogPayload(out, log, redact);
  return out.toString();
};
const write = (log: CallLog, redact = false) => {
  const line = lineOf(log, redact);
  expect(line).not.toContain('\n');
  return JSON.parse(line) as LogPayload & Record<string, unknown>;
};

describe('a record for log destinations', () => {
  it('has the facts of the bill under the names of the standard payload', () => {
    expect(write(callLog())).toMatchObject({
      id: 'chatcmpl-1',
      litellm_call_id: 'req_1',
      trace_id: 'req_1',
      call_type: 'acompletion',
      status: 'success',
      response_cost: 0.0015,
      prompt_tokens: 12,
      completion_tokens: 8,
      total_tokens: 20,
      startTime: 1_700_000_000,
      endTime: 1_700_000_001.5,
      response_time: 1.5,
      model: 'gpt-4o',
      model_group: 'gpt',
      model_id: 'dep-1',
      custom_llm_provider: 'openai',
      request_tags: ['a'],
      error_str: null,
      error_information: null,
      model_parameters: { temperature: 0.5 },
      metadata: {
        key_id: 'key_1',
        user_api_key_hash: 'a'.repeat(64),
        user_api_key_alias: 'alias',
        user_api_key_team_id: 't1',
        user_api_key_team_alias: 'team',
        user_api_key_user_email: 'u@example.com',
        user_api_key_max_budget: 5,
      },
    });
  });

  it('says why a call failed', () => {
    const failure = { message: 'no "such" model\n', type: 'RateLimitError', httpStatus: 429 };
    const payload = write(callLog({ responseId: null, status: 'failure' }, { failure }));
    expect(payload).toMatchObject({
      id: 'req_1',
      status: 'failure',
      error_str: failure.message,
      error_information: { error_code: '429', error_class: 'RateLimitError' },
    });
  });

  it('holds content only where it was kept and may be seen', () => {
    const content = { messages: [{ role: 'user', content: 'secret plan' }], response: '{\n  "id": "x"\n}' };
    expect(write(callLog({}, { content }))).toMatchObject({ messages: content.messages, response: { id: 'x' } });
    expect(lineOf(callLog({}, { content }), true)).not.toContain('secret plan');
    expect(write(callLog())).toMatchObject({ messages: REDACTED, response: REDACTED });
  });

  it('is written whatever the client sent', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    const content = { messages: deep, response: 'not json' };
    expect(write(callLog({}, { content })).messages).toBe('nested too deeply to be logged');
  });

  const PLAIN = { tags: [], endUser: 'eve' };
  const told: [string, CallLog, object][] = [
    ['tags', callLog({ ...PLAIN, tags: ['a', 'b'] }), { request_tags: ['a', 'b'] }],
    ['another client', callLog({ ...PLAIN, endUser: 'adam' }), { end_user: 'adam' }],
    ['another address', callLog({ ...PLAIN, sourceIp: null }), { requester_ip_address: null }],
    [
      'what the cache held',
      callLog({ ...PLAIN, cacheReadTokens: 7 }),
      { metadata: { usage_object: { prompt_tokens: 12, cache_read_input_tokens: 7, estimated: false } } },
    ],
    [
      'metadata of the request',
      callLog(PLAIN, { requestMetadata: { job: 7 } }),
      { metadata: { requester_metadata: { job: 7 }, spend_logs_metadata: null } },
    ],
    [
      'metadata of the bill',
      callLog({ ...PLAIN, metadata: { spend_logs_metadata: { cost_center: 'x' } } }),
      { metadata: { requester_metadata: null, spend_logs_metadata: { cost_center: 'x' } } },
    ],
    ['content', callLog(PLAIN, { content: { messages: 'hi', response: null } }), { messages: 'hi', response: null }],
    [
      'a failure',
      callLog(PLAIN, { failure: { message: 'no', type: 'x', httpStatus: 500 } }),
      { error_str: 'no', error_information: { error_code: '500' } },
    ],
  ];
  it.each(told)('tells %s of the call that has it, and not of the next one', (_, log, expected) => {
    const plain = {
      end_user: 'eve',
      requester_ip_address: '10.0.0.1',
      request_tags: [],
      messages: REDACTED,
      response: REDACTED,
      error_str: null,
      error_information: null,
      model_parameters: { temperature: 0.5 },
      metadata: {
        user_api_key_end_user_id: 'eve',
        requester_ip_address: '10.0.0.1',
        spend_logs_metadata: null,
        requester_metadata: null,
        usage_object: { cache_read_input_tokens: 0, reasoning_tokens: 0, estimated: false },
      },
    };
    expect(write(callLog(PLAIN))).toMatchObject(plain);
    expect(write(log)).toMatchObject(expected);
    expect(write(callLog(PLAIN))).toMatchObject(plain);
  });

  it('takes the trace that the request names', () => {
    expect(write(callLog({}, { requestMetadata: { trace_id: 'mine' } })).trace_id).toBe('mine');
  });
});
