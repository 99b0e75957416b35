/** LiteLLM's `litellm_settings.s3_callback_params`: the configuration's own bucket, said in the file and not in the environment. */
import { z } from 'zod';
import { flag, optional, text, wholeNumber } from './fields.ts';

export const s3CallbackParams = z.object({
  s3_bucket_name: optional(text),
  s3_path: optional(text),
  s3_region_name: optional(text),
  s3_endpoint_url: optional(text),
  s3_aws_access_key_id: optional(text),
  s3_aws_secret_access_key: optional(text),
  s3_aws_session_token: optional(text),
  s3_gzip: optional(flag),
  s3_batch_size: optional(wholeNumber(1)),
  s3_flush_interval: optional(wholeNumber(1)),
});

type Name = keyof z.output<typeof s3CallbackParams>;

/** The environment's names for the same. */
const ENVIRONMENT_NAMES: Readonly<Record<Name, string>> = {
  s3_bucket_name: 'S3_BUCKET_NAME',
  s3_path: 'S3_PATH',
  s3_region_name: 'AWS_REGION',
  s3_endpoint_url: 'S3_ENDPOINT_URL',
  s3_aws_access_key_id: 'AWS_ACCESS_KEY_ID',
  s3_aws_secret_access_key: 'AWS_SECRET_ACCESS_KEY',
  s3_aws_session_token: 'AWS_SESSION_TOKEN',
  s3_gzip: 'S3_GZIP',
  s3_batch_size: 'S3_BATCH_SIZE',
  s3_flush_interval: 'S3_FLUSH_INTERVAL',
};

/**
 * What sinks read as their environment: the variables, and what the file says of the bucket in their place. A key of the
 * file's is not used together with the environment's session token, which belongs to another one.
 */
export function withS3Params(
  variables: Readonly<Record<string, string>>,
  params: z.output<typeof s3CallbackParams> | null,
): Readonly<Record<string, string>> {
  if (params === null) return variables;
  const merged: Record<string, string> = { ...variables };
  if (params.s3_aws_access_key_id !== null) delete merged[ENVIRONMENT_NAMES.s3_aws_session_token];
  for (const [name, variable] of Object.entries(ENVIRONMENT_NAMES)) {
    const value = params[name as Name];
    if (value !== null) merged[variable] = String(value);
  }
  return merged;
}
