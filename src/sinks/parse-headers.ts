import { SinkSetupError } from './sink.ts';

/** `name=value` pairs with commas between them, as LiteLLM and OpenTelemetry write them, or a JSON object. Names in lower case. @throws SinkSetupError */
export function parseHeaders(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  const pairs = text.trim().startsWith('{') ? pairsOfJson(text) : text.split(',').map(splitPair);
  const headers: Record<string, string> = {};
  for (const [name, value] of pairs) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw malformedHeaders();
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at === -1) throw malformedHeaders();
  return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
}

function pairsOfJson(text: string): [string, string][] {
  try {
    return Object.entries(JSON.parse(text) as object).map(([name, value]) => [name, String(value)]);
  } catch {
    throw malformedHeaders();
  }
}

/** What was written is not repeated: it holds credentials. */
function malformedHeaders(): SinkSetupError {
  return new SinkSetupError('headers have to be name=value pairs with commas between them, or a JSON object');
}
