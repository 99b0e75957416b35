/** Between Node's request and response and the gateway's call and answer: the same for whoever serves the call. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { CallAnswer, CallRequest, ClientSink } from '../gateway/call-request.ts';

/** What is told by other things than headers. */
export interface CallFacts
  extends Pick<CallRequest, 'operation' | 'raw' | 'pathModel' | 'caller' | 'requestId' | 'sourceIp'> {
  /** The headers that name the end user, in lower case. */
  endUserHeaders: readonly string[];
}

export function toCallRequest(
  { headers, socket }: IncomingMessage,
  response: ServerResponse,
  facts: CallFacts,
): CallRequest {
  const { operation, raw, pathModel, caller, requestId, sourceIp, endUserHeaders } = facts;
  return {
    operation,
    raw,
    pathModel,
    caller,
    requestId,
    sourceIp,
    tagsHeader: textOrNull(headers['x-litellm-tags']),
    endUserHeader: endUserOf(headers, endUserHeaders),
    onClientGone: (listener) => {
      response.once('close', () => {
        if (!response.writableFinished) listener();
      });
      if (socket.destroyed) listener();
    },
  };
}

/** Puts the head together. Throws, with nothing sent, for a header that cannot be. */
export function beginAnswer(response: ServerResponse, answer: CallAnswer, ids: readonly string[]): void {
  answer.headers.push(...ids);
  if (answer.kind === 'whole') answer.headers.push('content-length', String(answer.body.length));
  response.writeHead(answer.status, answer.headers);
}

/** Resolves when the last byte has been handed over. */
export function finishAnswer(response: ServerResponse, answer: CallAnswer): Promise<void> | undefined {
  if (answer.kind === 'stream') return answer.relayTo(toSink(response));
  endWith(response, answer.body);
  return undefined;
}

/** Below this size, copying a body behind the headers is cheaper than a second buffer in the same write. */
const SMALL_BODY_BYTES = 16 * 1024;

/**
 * Ends an answer whose head is written. Given to `end`, the body would go out with an empty text behind it, as a list of
 * pieces; handed over before, headers and body are one string in one plain write, and `end` has nothing left to send.
 */
export function endWith(response: ServerResponse, body: Buffer): void {
  response.cork();
  // Latin-1 is one character for one byte: Node joins the text to the headers and encodes both at once.
  if (body.length <= SMALL_BODY_BYTES) response.write(body.toString('latin1'), 'latin1');
  else response.write(body);
  response.uncork();
  response.end();
}

function toSink(response: ServerResponse): ClientSink {
  return {
    write: (bytes) => response.write(bytes),
    onDrain: (listener) => {
      response.on('drain', listener);
    },
    end: () => {
      response.end();
    },
  };
}

/** The end user that a header names; null: none does. */
export function endUserOf(headers: IncomingHttpHeaders, names: readonly string[]): string | null {
  for (const name of names) {
    const value = textOrNull(headers[name]);
    if (value !== null) return value;
  }
  return null;
}

function textOrNull(value: string | string[] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
