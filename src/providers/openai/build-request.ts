import { isJsonObject } from '../../core/json.ts';
import type { Deployment } from '../../core/model.ts';
import type { Operation } from '../../core/operation.ts';
import type { ModelCall, UpstreamRequest } from '../provider.ts';
import { spliceMembers } from './json-splice.ts';
import { PROXY_ONLY_FIELDS } from './proxy-only-fields.ts';
import { acceptsStreamOptions, asksForUsage, withUsage } from './stream-usage.ts';
import { buildUpstreamAddress, type UpstreamAddress } from './upstream-address.ts';

/**
 * A client's call → the request to a deployment. None of the client's headers are in it, and no credential but the
 * deployment's own. The body is the client's byte for byte, except for the members that have to differ: the model's
 * name, fields meant for the proxy, the gateway's overrides, and usage being asked for in streams.
 *
 * @throws GatewayError model_unavailable when the deployment has no usable address
 */
export function buildRequest(call: ModelCall, deployment: Deployment, upstreamModel: string): UpstreamRequest {
  const bytes = call.bytes ?? Buffer.from(call.text);
  const { address, headers } = prepare(deployment, call.operation, upstreamModel);
  const { origin, path, modelInBody } = address;
  const body = spliceMembers(bytes, planChanges(call, deployment, modelInBody ? upstreamModel : null));
  return { origin, path, method: 'POST', headers, body };
}

interface Prepared {
  address: UpstreamAddress;
  /** Shared by requests, so frozen. */
  headers: Record<string, string>;
}

/** What is the same for every call to a deployment. Deployments do not change; a new configuration has new ones. */
const prepared = new WeakMap<Deployment, Partial<Record<Operation, Prepared>>>();

function prepare(deployment: Deployment, operation: Operation, upstreamModel: string): Prepared {
  const known = prepared.get(deployment)?.[operation];
  if (known !== undefined) return known;
  const address = buildUpstreamAddress(deployment, operation, upstreamModel);
  const made = { address, headers: Object.freeze(buildHeaders(deployment, address)) };
  // A path that names the model is not kept: a wildcard deployment would keep one for every name a client thinks of.
  if (address.modelInBody) prepared.set(deployment, { ...prepared.get(deployment), [operation]: made });
  return made;
}

function planChanges(call: ModelCall, deployment: Deployment, model: string | null): Record<string, unknown> {
  const { body } = call;
  const changes: Record<string, unknown> = {};
  for (const name of Object.keys(body)) if (PROXY_ONLY_FIELDS.has(name)) changes[name] = undefined;
  if (body.metadata !== undefined) changes.metadata = toStoredNotes(body);
  if (model !== null && body.model !== model) changes.model = model;
  if (call.stream && !asksForUsage(body) && acceptsStreamOptions(deployment)) changes.stream_options = withUsage(body);
  return Object.assign(changes, call.overrides);
}

/**
 * Clients of LiteLLM tell the gateway in `metadata` whom a call is for (tags, a customer, a trace), which is none of the
 * upstream's business, and lists in it are an error to OpenAI. Its own use of the field is to find stored answers again:
 * with `store`, the texts go on.
 */
function toStoredNotes({ store, metadata }: ModelCall['body']): Record<string, string> | undefined {
  if (store !== true || !isJsonObject(metadata)) return undefined;
  const texts = Object.entries(metadata).filter((note): note is [string, string] => typeof note[1] === 'string');
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}

/** They describe the connection or the body's framing, which are not the deployment's to set. */
const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

function buildHeaders(deployment: Deployment, { credentials }: UpstreamAddress): Record<string, string> {
  const { apiKey, organization, extraHeaders, provider } = deployment;
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    // Bytes pass through unread; without this an upstream may compress them.
    'accept-encoding': 'identity',
    'user-agent': 'latchkey',
  };
  if (apiKey !== null && provider === 'azure') headers['api-key'] = apiKey;
  else if (apiKey !== null) headers.authorization = `Bearer ${apiKey}`;
  else if (credentials !== null) headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  if (organization !== null) headers['openai-organization'] = organization;
  for (const [name, value] of Object.entries(extraHeaders)) {
    if (!FRAMING_HEADERS.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
  }
  return headers;
}
