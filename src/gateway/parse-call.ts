import { assertJsonDepth } from '../core/assert-json-limits.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Operation } from '../core/operation.ts';
import { refuseOperatorsFields } from '../core/refused-fields.ts';

/** A body that has been read: the text as it came, and what it says. */
export interface ParsedCall {
  operation: Operation;
  text: string;
  /** The same, undecoded. */
  raw: Buffer;
  body: Readonly<Record<string, unknown>>;
  /** Null: the body names none. */
  model: string | null;
  stream: boolean;
}

const MAX_MODEL_NAME_LENGTH = 256;

/** The field that each operation cannot do without, and what it has to be. */
const REQUIRED: Readonly<Record<Operation, { field: string; isValid: (value: unknown) => boolean; expected: string }>> =
  {
    chat: {
      field: 'messages',
      isValid: (value) => Array.isArray(value) && value.length > 0,
      expected: 'a non-empty list of messages',
    },
    completion: {
      field: 'prompt',
      isValid: (value) => typeof value === 'string' || Array.isArray(value),
      expected: 'a text or a list',
    },
    embedding: {
      field: 'input',
      isValid: (value) => typeof value === 'string' || Array.isArray(value),
      expected: 'a text or a list',
    },
  };

/** Unknown fields are left alone. @throws GatewayError invalid_request (400) that names the field. */
export function parseCall(operation: Operation, raw: Buffer, pathModel: string | null): ParsedCall {
  const text = raw.toString('utf8');
  const body = parseObject(text);
  const model = pathModel ?? body.model ?? null;
  if (model !== null && (typeof model !== 'string' || model === '' || model.length > MAX_MODEL_NAME_LENGTH))
    throw namesNoModel();
  const { stream } = body;
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', "'stream' must be true or false.");
  // Written again when usage is asked for, so it must be possible to write it.
  assertJsonDepth(body.stream_options, 'stream_options');
  const required = REQUIRED[operation];
  if (!required.isValid(body[required.field]))
    throw invalid(required.field, `'${required.field}' must be ${required.expected}.`);
  refuseOperatorsFields(body);
  return { operation, text, raw, body, model, stream: stream === true && operation !== 'embedding' };
}

export function namesNoModel(): GatewayError {
  return invalid('model', `'model' must be a text of 1 to ${MAX_MODEL_NAME_LENGTH} characters that names a model.`);
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new GatewayError('invalid_request', 'The request body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GatewayError('invalid_request', 'The request body must be a JSON object.');
  }
  return value as Record<string, unknown>;
}

function invalid(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param });
}
