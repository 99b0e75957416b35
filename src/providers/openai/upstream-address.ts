import { GatewayError } from '../../core/gateway-error.ts';
import type { Deployment } from '../../core/model.ts';
import type { Operation } from '../../core/operation.ts';

const PATHS: Readonly<Record<Operation, string>> = {
  chat: '/chat/completions',
  completion: '/completions',
  embedding: '/embeddings',
};
/** The oldest version that is still generally available, for deployments that name none. */
const AZURE_API_VERSION = '2024-10-21';

export interface UpstreamAddress {
  origin: string;
  path: string;
  /** `user:password` out of the address, for a server behind basic authentication. */
  credentials: string | null;
  /** False where the path says which model is meant, and the body's name for it does not matter. */
  modelInBody: boolean;
}

/**
 * Where a deployment takes an operation: its api_base with the operation's path, its own path and query kept. Azure's
 * classic form names the model in the path; its newer `/openai/v1` is like everybody else's.
 *
 * @throws GatewayError model_unavailable when the deployment has no usable address
 */
export function buildUpstreamAddress(
  deployment: Pick<Deployment, 'id' | 'provider' | 'apiBase' | 'apiVersion'>,
  operation: Operation,
  upstreamModel: string,
): UpstreamAddress {
  const { id, provider, apiBase, apiVersion } = deployment;
  if (apiBase === null || !URL.canParse(apiBase) || !/^https?:\/\//i.test(apiBase)) {
    throw new GatewayError(
      'model_unavailable',
      `Deployment ${id} has no usable api_base: it must be an http(s) address.`,
    );
  }
  const { origin, pathname, search, username, password } = new URL(apiBase);
  const credentials = username === '' ? null : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const base = pathname.replace(/\/+$/, '');
  const suffix = base.endsWith(PATHS[operation]) ? '' : PATHS[operation];
  if (provider !== 'azure' || base.endsWith('/openai/v1')) {
    return { origin, path: base + suffix + search, credentials, modelInBody: true };
  }
  const named = base.includes('/openai/deployments/')
    ? base + suffix
    : `${base}/openai/deployments/${encodeURIComponent(upstreamModel)}${suffix}`;
  const query = new URLSearchParams(search);
  if (!query.has('api-version')) query.set('api-version', apiVersion ?? AZURE_API_VERSION);
  return { origin, path: `${named}?${query}`, credentials, modelInBody: false };
}
