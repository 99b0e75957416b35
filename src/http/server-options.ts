/** How the HTTP server is set up, before it knows a single route. */
import { type FastifyBaseLogger, type FastifyServerOptions, LogController } from 'fastify';
import { createClientErrorHandler } from './client-error.ts';
import { createErrorHandler } from './error-handler.ts';
import { stampIds } from './hooks/begin-request.ts';
import { joinModelName } from './model-call-paths.ts';
import { takeOffRootPath } from './root-path.ts';

export interface ServerDeps {
  logger: FastifyBaseLogger;
  newId(): string;
  /** Shown as `x-litellm-version`. */
  version: string;
  /** Largest request body. */
  bodyLimitBytes: number;
  /** Addresses or CIDR ranges of proxies whose `x-forwarded-for` is believed; none: nobody's is. */
  trustedProxies: readonly string[];
  /** Below which everything is served as well; empty: nowhere else. */
  rootPath: string;
}

/** Model names and keys stand in paths. */
const MAX_PARAM_LENGTH = 1_024;
/** From the first byte of a request to its last. Slower senders only tie up a connection. */
const RECEIVE_TIMEOUT_MS = 300_000;

export function toServerOptions(deps: ServerDeps): FastifyServerOptions {
  const { logger, version, bodyLimitBytes, trustedProxies, newId, rootPath } = deps;
  const handleError = createErrorHandler({ logger, bodyLimitBytes });
  return {
    loggerInstance: logger,
    // One line per request is written by our own hook; a child logger for each request would only cost.
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (parent) => parent,
    genReqId: () => newId(),
    requestIdHeader: false,
    rewriteUrl: ({ url = '/' }) => joinModelName(rootPath === '' ? url : takeOffRootPath(rootPath, url)),
    bodyLimit: bodyLimitBytes,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    requestTimeout: RECEIVE_TIMEOUT_MS,
    // Requests that arrive while closing are answered by the first hook, in the envelope.
    return503OnClosing: false,
    routerOptions: {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: MAX_PARAM_LENGTH,
    },
    frameworkErrors: (error, request, reply) => {
      stampIds(request, reply, version);
      handleError(error, request, reply);
    },
    clientErrorHandler: createClientErrorHandler({ version, newId }),
  };
}
