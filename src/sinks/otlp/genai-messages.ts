/**
 * Prompts and answers in the form that OpenTelemetry's conventions give them: messages that are lists of parts
 * (`gen_ai.input.messages`, `gen_ai.output.messages`). Records hold them as OpenAI's API does, and clients send what they
 * like: what cannot be told apart goes as a part of its own type, and nothing is left out.
 */
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';

interface Part {
  type: string;
  [member: string]: Json;
}

interface Message {
  role: string;
  parts: Part[];
}

/** `messages` of a chat; `prompt` and `input` are said by the user. Null: there are none. */
export function toInputMessages(content: Json): Message[] | null {
  if (content === null) return null;
  // A list of numbers is one text, as tokens.
  const list = Array.isArray(content) && typeof content[0] !== 'number' ? content : [content];
  return list.map((one) =>
    isJsonObject(one) && typeof one.role === 'string' ? toMessage(one, one.role) : saidByUser(one),
  );
}

/** The choices of an answer. Null: it has none, as embeddings have none. */
export function toOutputMessages(response: Json): (Message & { finish_reason: string })[] | null {
  if (!isJsonObject(response) || !Array.isArray(response.choices)) return null;
  return response.choices.filter(isJsonObject).map((choice) => {
    const message = isJsonObject(choice.message) ? choice.message : { content: choice.text ?? null };
    return { ...toMessage(message, 'assistant'), finish_reason: toFinishReason(choice.finish_reason) };
  });
}

function saidByUser(content: Json): Message {
  return { role: 'user', parts: [typeof content === 'string' ? textPart(content) : otherPart(content)] };
}

function toMessage(
  { content = null, tool_calls: calls, tool_call_id: answered, refusal }: JsonObject,
  role: string,
): Message {
  if (typeof answered === 'string') {
    return { role, parts: [{ type: 'tool_call_response', id: answered, response: content }] };
  }
  const parts = contentParts(content);
  if (typeof refusal === 'string') parts.push(textPart(refusal));
  if (Array.isArray(calls)) parts.push(...calls.map(callPart));
  return { role, parts };
}

function contentParts(content: Json): Part[] {
  if (content === null) return [];
  const items = Array.isArray(content) ? content : [content];
  return items.map((item) => {
    if (typeof item === 'string') return textPart(item);
    const isText = isJsonObject(item) && item.type === 'text' && typeof item.text === 'string';
    return isText ? textPart(item.text as string) : otherPart(item);
  });
}

function callPart(call: Json): Part {
  if (!isJsonObject(call) || !isJsonObject(call.function)) return otherPart(call);
  const { name = null, arguments: given = null } = call.function;
  return { type: 'tool_call', id: call.id ?? null, name, arguments: typeof given === 'string' ? parsed(given) : given };
}

function textPart(content: string): Part {
  return { type: 'text', content };
}

/** Images, audio and whatever else there is, under the name that it has. */
function otherPart(item: Json): Part {
  if (isJsonObject(item) && typeof item.type === 'string') return { ...item, type: item.type };
  return { type: 'other', content: item };
}

/** A model may write arguments that are no JSON. */
function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function toFinishReason(reason: Json | undefined): string {
  if (reason === 'tool_calls' || reason === 'function_call') return 'tool_call';
  return typeof reason === 'string' ? reason : 'stop';
}
