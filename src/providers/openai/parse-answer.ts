import { isJsonObject, parseJson } from '../../core/json.ts';
import type { Operation } from '../../core/operation.ts';
import type { ModelCall, ParsedAnswer } from '../provider.ts';
import { MALFORMED, readString, scanMembers } from './json-splice.ts';
import { parseUsage } from './parse-usage.ts';

/**
 * A whole answer → what is billed, and the body for the client: the upstream's byte for byte, except that `model` says
 * what the client asked for. The body is walked, not parsed; only `usage` and what is wanted of it is read.
 */
export function parseAnswer(call: Pick<ModelCall, 'requested' | 'operation'>, body: Buffer): ParsedAnswer {
  // One character for one byte, so that places in the text are places in the buffer. Names and numbers are ASCII.
  const text = body.toString('latin1');
  let usage: unknown = null;
  let id: string | null = null;
  let model: { value: string | null; start: number; end: number } | null = null;
  const end = scanMembers(text, ({ name, valueStart, valueEnd }) => {
    // The scan does not look inside values: this may be no JSON after all.
    if (name === 'usage') usage = parseJson(text.slice(valueStart, valueEnd));
    else if (name === 'id') id = readString(text, valueStart, valueEnd);
    else if (name === 'model') {
      model = { value: readString(text, valueStart, valueEnd), start: valueStart, end: valueEnd };
    }
    return false;
  });
  const malformed = end === MALFORMED;
  const parsedUsage = parseUsage(usage);
  return {
    usage: parsedUsage,
    responseId: id === '' ? null : id,
    contentBytes: parsedUsage === null && !malformed ? countContentBytes(call.operation, body) : 0,
    body: malformed ? body : restamp(body, model, call.requested),
    malformed,
  };
}

function restamp(
  body: Buffer,
  model: { value: string | null; start: number; end: number } | null,
  requested: string | null,
): Buffer {
  if (model === null || requested === null || model.value === requested) return body;
  const { start, end } = model;
  return Buffer.concat([body.subarray(0, start), Buffer.from(JSON.stringify(requested)), body.subarray(end)]);
}

/** Only for answers without usage, so it may parse them. */
function countContentBytes(operation: Operation, body: Buffer): number {
  const answer = parseJson(body.toString('utf8'));
  if (operation === 'embedding' || !isJsonObject(answer) || !Array.isArray(answer.choices)) return 0;
  let bytes = 0;
  for (const choice of answer.choices) {
    if (!isJsonObject(choice)) continue;
    bytes += bytesOf(choice.text);
    const message = choice.message;
    if (!isJsonObject(message)) continue;
    bytes += bytesOf(message.content) + bytesOf(message.reasoning_content) + bytesOf(message.refusal);
    if (!Array.isArray(message.tool_calls)) continue;
    for (const tool of message.tool_calls) {
      if (isJsonObject(tool) && isJsonObject(tool.function)) bytes += bytesOf(tool.function.arguments);
    }
  }
  return bytes;
}

function bytesOf(text: unknown): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : 0;
}
