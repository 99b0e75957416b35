/**
 * The OpenAI API: chat, completions and embeddings, each with and without `/v1`, and in Azure's path form where the
 * model is named by the URL. Bodies arrive as bytes and are not validated here; unknown parameters pass through.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Operation } from '../../core/operation.ts';
import type { CallAnswer, CallRequest, ClientSink } from '../../gateway/call-request.ts';
import type { App } from '../app-instance.ts';
import { idHeaders } from '../hooks/begin-request.ts';
import { registerRawBodyScope } from '../raw-body-scope.ts';
import { MODEL_CALL_SCHEMAS } from '../schemas/model-call.ts';

export interface ModelCallRoutesDeps {
  version: string;
  /** `general_settings.user_header_name`, in lower case; null: only the usual headers name an end user. */
  endUserHeaderName: string | null;
  callModel(request: CallRequest): Promise<CallAnswer>;
}

const OPERATIONS: readonly { operation: Operation; path: string }[] = [
  { operation: 'chat', path: '/chat/completions' },
  { operation: 'completion', path: '/completions' },
  { operation: 'embedding', path: '/embeddings' },
];
const AZURE_PREFIXES = ['/openai/deployments/:model', '/engines/:model', '/v1/engines/:model'];
const REFUSED_QUERY = ['api_base', 'base_url', 'api_key'];

export function registerModelCallRoutes(app: App, deps: ModelCallRoutesDeps): void {
  registerRawBodyScope(app, (scope) => {
    for (const { operation, path } of OPERATIONS) {
      const handler = (request: FastifyRequest, reply: FastifyReply) => answerCall(deps, operation, request, reply);
      const schema = MODEL_CALL_SCHEMAS[operation];
      for (const prefix of ['/v1', '']) {
        scope.post(`${prefix}${path}`, { config: { access: 'llm' }, schema }, handler);
      }
      for (const prefix of AZURE_PREFIXES) {
        scope.post(`${prefix}${path}`, { config: { access: 'llm' }, schema: { ...schema, hide: true } }, handler);
      }
    }
  });
}

async function answerCall(
  deps: ModelCallRoutesDeps,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  refuseQueryCredentials(request.query);
  const { model } = request.params as { model?: string };
  const { headers, raw } = request;
  const answer = await deps.callModel({
    operation,
    raw: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    pathModel: model ?? null,
    caller: request.caller,
    requestId: request.id,
    sourceIp: request.ip,
    tagsHeader: textOrNull(headers['x-litellm-tags']),
    endUserHeader: endUserOf(headers, deps.endUserHeaderName),
    onClientGone: (listener) => {
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) listener();
      });
      if (raw.socket.destroyed) listener();
    },
  });
  const { raw: response } = reply;
  answer.headers.push(...idHeaders(request, deps.version));
  if (answer.kind === 'whole') answer.headers.push('content-length', String(answer.body.length));
  // Throws for a header that cannot be sent: while the framework can still answer for us.
  response.writeHead(answer.status, answer.headers);
  reply.hijack();
  if (answer.kind === 'whole') endWith(response, answer.body);
  else await answer.relayTo(toSink(response));
  return reply;
}

/** Below this size, copying a body behind the headers is cheaper than a second buffer in the same write. */
const SMALL_BODY_BYTES = 16 * 1024;

function endWith(response: ServerResponse, body: Buffer): void {
  // As Latin-1 text, one character for one byte, Node puts headers and body into one string and one plain write.
  if (body.length <= SMALL_BODY_BYTES) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
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

/** The gateway's own check covers the body; LiteLLM has read these from the query too. */
function refuseQueryCredentials(query: unknown): void {
  if (typeof query !== 'object' || query === null) return;
  for (const param of REFUSED_QUERY) {
    if (!(param in query)) continue;
    throw new GatewayError(
      'invalid_request',
      `'${param}' cannot be set by a client: addresses and credentials of upstreams belong to the gateway's operator. Leave it out.`,
      { param },
    );
  }
}

function endUserOf(headers: IncomingHttpHeaders, configured: string | null): string | null {
  const named = configured === null ? null : textOrNull(headers[configured]);
  return named ?? textOrNull(headers['x-litellm-end-user-id']) ?? textOrNull(headers['x-litellm-customer-id']);
}

function textOrNull(value: string | string[] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
