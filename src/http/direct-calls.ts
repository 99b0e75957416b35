/**
 * Model calls in the form that nearly all of them have are taken before the framework sees them (ADR 9): of its
 * services they need none, and they pay for each. The guard, the ids, the error answers, the log line and the gateway
 * are those of the framework's routes for the same calls, which serve every other form.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Caller } from '../core/caller.ts';
import type { CallAnswer } from '../gateway/call-request.ts';
import { beginAnswer, endWith, finishAnswer, toCallRequest } from './answer-call.ts';
import type { App } from './app-instance.ts';
import { describeFailure, type ErrorHandlerDeps } from './error-handler.ts';
import type { Front } from './front.ts';
import { type AuthenticateDeps, createGate, type Gate } from './hooks/authenticate.ts';
import { callIdOf, idHeaders } from './hooks/begin-request.ts';
import type { LogRequest } from './hooks/log-requests.ts';
import { policyOf } from './route-policy.ts';
import { FIXED_MODEL_CALLS, type ModelCallRoutesDeps } from './routes/model-calls.ts';

export interface DirectCallsDeps extends AuthenticateDeps, ErrorHandlerDeps, ModelCallRoutesDeps {
  newId(): string;
  logRequest: LogRequest;
  trustedProxies: readonly string[];
  rootPath: string;
  front: Front;
}

interface DirectRoute {
  operation: (typeof FIXED_MODEL_CALLS)[number]['operation'];
  url: string;
  gate: Gate;
}

/** To be called when the framework has put its listener on the server. */
export function takeCallsDirectly(app: App, deps: DirectCallsDeps): void {
  // Whose address it is that a proxy passes on is the framework's to tell.
  if (deps.trustedProxies.length > 0) return;
  const routes = new Map<string, DirectRoute>();
  for (const { operation, url, config } of FIXED_MODEL_CALLS) {
    const gate = createGate(policyOf({ url, method: 'POST', config }), deps);
    for (const prefix of ['', deps.rootPath]) routes.set(prefix + url, { operation, url, gate });
  }
  const framework = app.server.listeners('request') as RequestListener[];
  app.server.removeAllListeners('request');
  app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const route = request.method === 'POST' ? routes.get(request.url as string) : undefined;
    if (route !== undefined && isUsual(request, deps.bodyLimitBytes) && !deps.front.isClosing()) {
      new DirectCall(deps, route, request, response).authenticate();
    } else {
      for (const listener of framework) listener(request, response);
    }
  });
}

const JSON_TYPES: ReadonlySet<string | undefined> = new Set(['application/json', 'application/json; charset=utf-8']);

/** Plain JSON of a length that was told and is not too large. */
function isUsual({ headers }: IncomingMessage, bodyLimitBytes: number): boolean {
  const length = Number(headers['content-length']);
  const isPlain = headers['content-encoding'] === undefined && JSON_TYPES.has(headers['content-type']);
  return isPlain && length > 0 && length <= bodyLimitBytes;
}

class DirectCall {
  private readonly deps: DirectCallsDeps;
  private readonly route: DirectRoute;
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly id: string;
  private readonly startedMs = performance.now();
  private readonly ip: string;
  private caller: Caller | null = null;

  constructor(deps: DirectCallsDeps, route: DirectRoute, request: IncomingMessage, response: ServerResponse) {
    this.deps = deps;
    this.route = route;
    this.request = request;
    this.response = response;
    this.id = deps.newId();
    this.ip = request.socket.remoteAddress ?? '';
    deps.front.begin(request.socket);
    response.once('finish', () => this.conclude());
  }

  authenticate(): void {
    try {
      const caller = this.route.gate.identify(this.request.headers, this.ip);
      if (caller instanceof Promise) caller.then((found) => this.admit(found)).catch((error) => this.fail(error));
      else this.admit(caller);
    } catch (error) {
      this.fail(error);
    }
  }

  private admit(caller: Caller): void {
    this.caller = caller;
    const refusal = this.route.gate.refuse(caller, this.ip);
    if (refusal !== undefined) {
      this.fail(refusal);
      return;
    }
    const { request } = this;
    let first: Buffer | null = null;
    let chunks: Buffer[] | null = null;
    request.on('data', (chunk: Buffer) => {
      if (first === null) first = chunk;
      else if (chunks === null) chunks = [first, chunk];
      else chunks.push(chunk);
    });
    // Never comes when the client leaves before it has sent all: then there is nobody to answer.
    request.once('end', () => {
      this.call(chunks === null ? (first ?? Buffer.alloc(0)) : Buffer.concat(chunks), caller);
    });
  }

  private call(raw: Buffer, caller: Caller): void {
    const { deps, route, request, response, id, ip } = this;
    const facts = {
      operation: route.operation,
      raw,
      pathModel: null,
      caller,
      requestId: id,
      sourceIp: ip,
      endUserHeaders: deps.endUserHeaders,
    };
    deps.callModel(toCallRequest(request, response, facts)).then(
      (answer) => this.answer(answer),
      (error) => this.fail(error),
    );
  }

  private answer(answer: CallAnswer): void {
    const { response } = this;
    try {
      beginAnswer(response, answer, this.idHeaders());
    } catch (error) {
      this.fail(error);
      return;
    }
    void finishAnswer(response, answer);
  }

  private fail(error: unknown): void {
    const { status, headers, type, text } = describeFailure(this.deps, error, this.id);
    const body = Buffer.from(text);
    const list = [...Object.entries(headers).flat(), 'content-type', type, 'content-length', String(body.length)];
    try {
      this.response.writeHead(status, [...list, ...this.idHeaders()]);
      endWith(this.response, body);
    } catch {
      // Not even the refusal can be sent. Nobody above could do better.
      this.response.destroy();
    }
  }

  private idHeaders(): string[] {
    return idHeaders(this.id, callIdOf(this.request.headers, this.id), this.deps.version);
  }

  private conclude(): void {
    const { deps, request, response, route, id, caller } = this;
    deps.front.end(request.socket);
    deps.logRequest({
      method: 'POST',
      route: route.url,
      status: response.statusCode,
      durationMs: Math.round((performance.now() - this.startedMs) * 1_000) / 1_000,
      keyId: caller?.key?.keyId ?? null,
      keyMask: caller?.key?.mask ?? null,
      requestId: id,
    });
  }
}
