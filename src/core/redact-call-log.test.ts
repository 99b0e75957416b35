import { describe, expect, it } from 'vitest';
import { callLog } from './__fixtures__/call-log.ts';
import type { CallLog } from './call-log.ts';
import { JsonBytes } from './json-bytes.ts';
import { type LogRedaction, redactCallLog } from './redact-call-log.ts';
import { writeLogPayload } from './write-log-payload.ts';

const NOTHING: LogRedaction = { caller: false, quotes: null };
const REFUSED = 'Upstream openai (deployment d) answered 400: ';
const failed = callLog(
  { status: 'failure' },
  {
    failure: {
      message: `${REFUSED}no "$&" of the question`,
      type: 'invalid_request_error',
      httpStatus: 400,
      quoted: 'no "$&" of the question',
    },
  },
);

function write(log: CallLog, redaction: LogRedaction, redact: boolean) {
  const out = new JsonBytes();
  writeLogPayload(out, redactCallLog(log, redaction), redact);
  return JSON.parse(out.toString());
}

describe('what an upstream says in an error', () => {
  it.each([
    [null, true, false],
    [null, false, true],
    [true, true, true],
    [false, false, false],
  ])('quotes: %s, a destination without content: %s, is told: %s', (quotes, redact, isTold) => {
    const record = write(failed, { ...NOTHING, quotes }, redact);
    const said = REFUSED + (isTold ? 'no "$&" of the question' : 'redacted-by-litellm');
    expect(record).toMatchObject({
      error_str: said,
      error_information: { error_code: '400', error_class: 'invalid_request_error', error_message: said },
    });
  });

  it('leaves errors of our own as they are', () => {
    const failure = { message: 'The client left.', type: 'client_closed_request', httpStatus: 499 };
    expect(write(callLog({}, { failure }), NOTHING, true).error_str).toBe('The client left.');
  });
});

describe('who makes a call', () => {
  it('is told, and is not where that is switched on', () => {
    expect(redactCallLog(callLog(), NOTHING)).toEqual(callLog());
    const { metadata, ...record } = write(callLog({ endUser: 'guest' }), { ...NOTHING, caller: true }, false);
    const told = Object.entries(metadata).filter(
      ([name, value]) => (name.startsWith('user_api_key') || name === 'key_id') && value !== null,
    );
    expect(told).toEqual([['user_api_key_end_user_id', 'guest']]);
    expect(record).toMatchObject({ response_cost: 0.0015, model_group: 'gpt', end_user: 'guest' });
  });
});
