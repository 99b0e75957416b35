import { isJsonObject, type Json, type JsonObject } from './json.ts';

/**
 * The body of an answer as one value. The events of a stream are put together to what the same call would have answered
 * without streaming: texts and tool calls joined, the last usage kept. What is neither JSON nor such events stays a text.
 */
export function readAnswer(body: string): Json {
  const whole = parse(body);
  if (whole !== undefined) return whole;
  const events = body
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => parse(line.slice('data:'.length)))
    .filter(isJsonObject);
  return events.length === 0 ? body : assemble(events);
}

function assemble(events: readonly JsonObject[]): JsonObject {
  const answer: JsonObject = {};
  const choices = new Map<number, JsonObject>();
  for (const event of events) {
    for (const [name, value] of Object.entries(event)) {
      if (name === 'choices' && Array.isArray(value)) {
        for (const choice of value.filter(isJsonObject)) addChoice(choices, choice);
      } else if (value !== null) answer[name] = value;
    }
  }
  if (typeof answer.object === 'string') answer.object = answer.object.replace(/\.chunk$/, '');
  if (choices.size > 0) answer.choices = [...choices].sort(([a], [b]) => a - b).map(([, choice]) => choice);
  return answer;
}

/** Chat completions send pieces of a message as `delta`, completions pieces of a `text`. */
function addChoice(choices: Map<number, JsonObject>, event: JsonObject): void {
  const index = typeof event.index === 'number' ? event.index : 0;
  const choice = choices.get(index) ?? { index };
  choices.set(index, choice);
  for (const [name, value] of Object.entries(event)) {
    if (name === 'delta') choice.message = join(choice.message, value);
    else if (name === 'text') choice.text = join(choice.text, value);
    else if (value !== null || choice[name] === undefined) choice[name] = value;
  }
}

/** Texts that come once and not in pieces. */
const WHOLE = new Set(['role', 'id', 'type']);

/** What came so far and what comes now: texts grow, lists are joined by their members' index, the rest is replaced. */
function join(before: Json | undefined, now: Json, name = ''): Json {
  if (before === undefined || before === null) return Array.isArray(now) ? joinLists([], now) : now;
  if (now === null) return before;
  if (typeof before === 'string' && typeof now === 'string') return WHOLE.has(name) ? now || before : before + now;
  if (Array.isArray(before) && Array.isArray(now)) return joinLists(before, now);
  if (!isJsonObject(before) || !isJsonObject(now)) return now;
  const joined = { ...before };
  for (const [field, value] of Object.entries(now)) joined[field] = join(joined[field], value, field);
  return joined;
}

function joinLists(before: readonly Json[], now: readonly Json[]): Json[] {
  const joined = [...before];
  for (const item of now) {
    const index = isJsonObject(item) && typeof item.index === 'number' ? item.index : undefined;
    const at = index === undefined ? -1 : joined.findIndex((one) => isJsonObject(one) && one.index === index);
    if (at === -1) joined.push(item);
    else joined[at] = join(joined[at], item);
  }
  return joined;
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
