/**
 * The OpenAI API: chat, completions and embeddings, each with and without `/v1`, and in Azure's path form where the
 * model is named by the URL. Bodies arrive as bytes and are not validated here; unknown parameters pass through.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Operation } from '../../core/operation.ts';
import { refused } from '../../core/refused-fields.ts';
import type { CallAnswer, CallRequest } from '../../gateway/call-request.ts';
import { beginAnswer, finishAnswer, toCallRequest } from '../answer-call.ts';
import type { App } from '../app-instance.ts';
import { idHeaders } from '../hooks/begin-request.ts';
import { AZURE_PATHS, FIXED_PATHS } from '../model-call-paths.ts';
import { registerRawBodyScope } from '../raw-body-scope.ts';
import { MODEL_CALL_SCHEMAS } from '../schemas/model-call.ts';

export interface ModelCallRoutesDeps {
  version: string;
  /** The headers that name an end user, in lower case; the first that is there counts. */
  endUserHeaders: readonly string[];
  callModel(request: CallRequest): Promise<CallAnswer>;
}

const REFUSED_QUERY = ['api_base', 'base_url', 'api_key'];
const CONFIG = { access: 'llm', scope: 'self' } as const;

/** Those of OpenAI's own form, as they are registered. */
export const FIXED_MODEL_CALLS = FIXED_PATHS.map((path) => ({ ...path, config: CONFIG }));

export function registerModelCallRoutes(app: App, deps: ModelCallRoutesDeps): void {
  const handle = (operation: Operation) => (request: FastifyRequest, reply: FastifyReply) =>
    answerCall(deps, operation, request, reply);
  registerRawBodyScope(app, (scope) => {
    for (const { operation, url, config } of FIXED_MODEL_CALLS) {
      scope.post(url, { config, schema: MODEL_CALL_SCHEMAS[operation] }, handle(operation));
    }
    for (const { operation, url } of AZURE_PATHS) {
      const schema = { ...MODEL_CALL_SCHEMAS[operation], hide: true };
      scope.post(url, { config: CONFIG, schema }, handle(operation));
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
  const { body, caller, id, callId, ip } = request;
  const answer = await deps.callModel(
    toCallRequest(request.raw, reply.raw, {
      operation,
      raw: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
      pathModel: model ?? null,
      caller,
      requestId: id,
      sourceIp: ip,
      endUserHeaders: deps.endUserHeaders,
    }),
  );
  // Throws for a header that cannot be sent: while the framework can still answer for us.
  beginAnswer(reply.raw, answer, idHeaders(id, callId, deps.version));
  reply.hijack();
  await finishAnswer(reply.raw, answer);
  return reply;
}

/** The gateway's own check covers the body; LiteLLM has read these from the query too. */
function refuseQueryCredentials(query: unknown): void {
  if (typeof query !== 'object' || query === null) return;
  for (const param of REFUSED_QUERY) {
    if (param in query) throw refused(param);
  }
}
