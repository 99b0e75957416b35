/**
 * What no client may say in a call: where it goes, whose credentials it carries, what it costs and who is told of it. Those
 * are the operator's to say. Nothing here would act on such a field, but an upstream may; LiteLLM refuses the same ones.
 */
import { GatewayError } from './gateway-error.ts';
import { isJsonObject, readJsonObject } from './json.ts';

const REFUSED_FIELDS: ReadonlySet<string> = new Set([
  'api_base',
  'base_url',
  'api_key',
  'extra_headers',
  'model_list',
  'user_config',
  'base_model',
  'deployment_url',
  'litellm_credential_name',
  'nvcf_function_id',
  'use_ssl',
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
  'aws_profile_name',
  'aws_role_name',
  'aws_external_id',
  'aws_web_identity_token',
  'aws_sts_endpoint',
  'aws_bedrock_runtime_endpoint',
  'aws_bedrock_project_id',
  's3_endpoint_url',
  'sagemaker_base_url',
  'azure_ad_token',
  'azure_username',
  'azure_password',
  'client_secret',
  'vertex_credentials',
  'vertex_ai_credentials',
  'vertex_project',
  'vertex_ai_project',
  'oci_key',
  'oci_key_file',
  'oci_serving_mode',
  'oci_endpoint_id',
  'oci_compartment_id',
  'arize_api_key',
  'arize_space_id',
  'arize_space_key',
  'braintrust_api_key',
  'braintrust_host',
  'braintrust_project',
  'gcs_bucket_name',
  'gcs_path_service_account',
  'humanloop_api_key',
  'langfuse_host',
  'langfuse_public_key',
  'langfuse_secret',
  'langfuse_secret_key',
  'langsmith_api_key',
  'langsmith_base_url',
  'langsmith_project',
  'langsmith_tenant_id',
  'lunary_public_key',
  'phoenix_project_name',
  'phoenix_project_name_override',
  'posthog_api_key',
  'posthog_api_url',
  'posthog_host',
  'slack_webhook_url',
  'turn_off_message_logging',
  'wandb_api_key',
  'weave_project_id',
]);
/** Prices under all the names that LiteLLM has for them: `input_cost_per_token`, `cache_read_input_token_cost`, … */
const PRICE = /_cost_per_|_token_cost/;
/** Objects that fields are read out of, at any depth. Schemas and messages may use the words freely. */
const CARRIERS: ReadonlySet<string> = new Set([
  'extra_body',
  'litellm_params',
  'litellm_params_template',
  'litellm_embedding_config',
  'fallbacks',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'config',
  'router_settings',
  'router_settings_override',
]);
/** Objects of the client's own, of which only the first level means anything. */
const NOTES: ReadonlySet<string> = new Set(['metadata', 'litellm_metadata']);
/** What a call is about is text, whatever it looks like. */
const CONTENT: ReadonlySet<string> = new Set(['prompt', 'input', 'suffix', 'stop']);
const MAX_DEPTH = 16;

/** @throws GatewayError invalid_request (400) that names the field. Objects may also stand there as JSON text. */
export function refuseOperatorsFields(body: Readonly<Record<string, unknown>>): void {
  // A body has fewer fields than there are names to look for.
  for (const field of Object.keys(body)) {
    const value = body[field];
    if (value === null || field === 'messages') continue;
    if (isRefused(field)) throw refused(field);
    if (typeof value === 'string' && !CONTENT.has(field)) refuseIndirection(value, field);
    if (CARRIERS.has(field)) refuseWithin(value, field, MAX_DEPTH);
    else if (NOTES.has(field)) refuseWithin(value, field, 1);
    else if (field === 'tools') refuseInTools(value);
  }
}

/** The error of a field that was sent in the query, too. */
export function refused(param: string): GatewayError {
  return new GatewayError(
    'invalid_request',
    `'${param}' is not allowed in request body or query: addresses, credentials, prices and log destinations cannot be set by a ` +
      "client, they belong to the gateway's operator. Leave it out.",
    { param },
  );
}

function isRefused(field: string): boolean {
  return REFUSED_FIELDS.has(field) || PRICE.test(field);
}

function refuseWithin(value: unknown, field: string, depth: number): void {
  const object = typeof value === 'string' ? readJsonObject(value) : value;
  const found = findRefused(object, field, depth);
  if (found !== null) throw refused(found);
  if (NOTES.has(field) && isJsonObject(object)) {
    for (const [name, text] of Object.entries(object)) {
      if (typeof text === 'string') refuseIndirection(text, `${field}.${name}`);
    }
  }
}

/** A tool that is run by an upstream reads what stands beside its type; what a function takes is the client's own. */
function refuseInTools(tools: unknown): void {
  if (!Array.isArray(tools)) return;
  tools.forEach((tool, index) => {
    const found = findRefused(tool, `tools.${index}`, 1);
    if (found !== null) throw refused(found);
  });
}

/** `depth` levels are looked at; one that goes on below the last of many is refused itself. */
function findRefused(value: unknown, path: string, depth: number): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, inner] of Object.entries(value)) {
    const at = `${path}.${name}`;
    if (isRefused(name)) return at;
    if (depth === 1) continue;
    const found = depth === 2 && typeof inner === 'object' && inner !== null ? at : findRefused(inner, at, depth - 1);
    if (found !== null) return found;
  }
  return null;
}

/** How LiteLLM's configuration points at a secret of the machine: only the operator may. */
const INDIRECTION = /^(?:os\.environ|oidc)\//;

function refuseIndirection(text: string, param: string): void {
  if (!INDIRECTION.test(text)) return;
  throw new GatewayError(
    'invalid_request',
    `'${param}' cannot be an indirection ('os.environ/…', 'oidc/…'): what it stands for is the operator's. Send the value itself.`,
    { param },
  );
}
