import { gzipSync } from 'node:zlib';
import { AwsClient } from 'aws4fetch';
import { batchObjectName } from '../object-name.ts';
import { assertTaken } from '../send-http.ts';
import { SinkSetupError } from '../sink.ts';
import type { SinkKind } from '../sink-kind.ts';
import { flagOf, httpUrlOf, type SinkVars, secondsOf, wholeNumberOf } from '../sink-vars.ts';

/**
 * `s3`: one object of NDJSON per batch in a bucket of S3, or of a store that speaks its protocol at `s3_endpoint_url`. A
 * repeat has the same name and the same bytes. Requests are signed with credentials that do not change (a key and its
 * secret, with a session token where there is one).
 */
export const s3: SinkKind = {
  type: 's3',
  varNames: [
    's3_bucket_name',
    's3_path',
    's3_region_name',
    's3_endpoint_url',
    's3_aws_access_key_id',
    's3_aws_secret_access_key',
    's3_aws_session_token',
    's3_gzip',
    'turn_off_message_logging',
  ],
  addressNames: ['s3_endpoint_url'],
  globalOnly: false,
  flushRule: (vars) => ({
    maxRecords: wholeNumberOf('S3_BATCH_SIZE', vars.environment('S3_BATCH_SIZE'), 2_048),
    maxBytes: 8 * 1024 * 1024,
    intervalMs: secondsOf('S3_FLUSH_INTERVAL', vars.environment('S3_FLUSH_INTERVAL'), 10_000),
  }),
  create(vars, { send }) {
    const { folder, client } = targetOf(vars);
    const gzip = flagOf('s3_gzip', vars.either('s3_gzip', 'S3_GZIP'), false);
    return {
      type: s3.type,
      async deliver(batch) {
        const name = `${batchObjectName(batch)}${gzip ? '.gz' : ''}`;
        const url = `${folder}${name.split('/').map(encodeURIComponent).join('/')}`;
        const body = gzip ? gzipSync(batch.ndjson) : batch.ndjson;
        const signed = await client.sign(url, {
          method: 'PUT',
          headers: { 'content-type': gzip ? 'application/gzip' : 'application/x-ndjson' },
          body: new Uint8Array(body),
        });
        const answer = await send({ url, method: 'PUT', headers: Object.fromEntries(signed.headers), body });
        assertTaken(answer, url);
      },
      close: async () => {},
    };
  },
};

/** A bucket or an address of the destination's own is written with credentials of its own. */
function targetOf(vars: SinkVars): { folder: string; client: AwsClient } {
  const ownBucket = vars.own('s3_bucket_name');
  const ownEndpoint = vars.own('s3_endpoint_url');
  const isOwn = ownBucket !== undefined || ownEndpoint !== undefined;
  const take = (name: string, environmentName: string) =>
    vars.own(name) ?? (isOwn ? undefined : vars.environment(environmentName));
  const need = (name: string, environmentName: string): string => {
    const value = take(name, environmentName);
    if (value !== undefined) return value;
    throw new SinkSetupError(isOwn ? `${name} is missing` : `${environmentName} is not set in the environment`);
  };
  const bucket = ownBucket ?? need('s3_bucket_name', 'S3_BUCKET_NAME');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw new SinkSetupError('s3_bucket_name names no bucket');
  const region = vars.own('s3_region_name') ?? vars.environment('AWS_REGION') ?? vars.environment('AWS_DEFAULT_REGION');
  if (region === undefined) throw new SinkSetupError('s3_region_name is missing, and AWS_REGION is not set');
  if (!/^[a-z0-9-]{1,40}$/.test(region)) throw new SinkSetupError('s3_region_name names no region');
  const endpoint = take('s3_endpoint_url', 'S3_ENDPOINT_URL');
  const sessionToken = take('s3_aws_session_token', 'AWS_SESSION_TOKEN');
  const client = new AwsClient({
    accessKeyId: need('s3_aws_access_key_id', 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: need('s3_aws_secret_access_key', 'AWS_SECRET_ACCESS_KEY'),
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service: 's3',
    region,
  });
  return { folder: `${bucketAddress(bucket, region, endpoint)}/${prefixOf(take('s3_path', 'S3_PATH'))}`, client };
}

function bucketAddress(bucket: string, region: string, endpoint: string | undefined): string {
  if (endpoint === undefined) return `https://${bucket}.s3.${region}.amazonaws.com`;
  const { username, password } = new URL(httpUrlOf('s3_endpoint_url', endpoint));
  if (username !== '' || password !== '') {
    throw new SinkSetupError(
      's3_endpoint_url cannot hold a user or a password: requests are signed with s3_aws_access_key_id and its secret',
    );
  }
  return `${endpoint.replace(/\/+$/, '')}/${bucket}`;
}

/** `a/b` → `a/b/`, each part as it may stand in an address. */
function prefixOf(path: string | undefined): string {
  const parts = (path ?? '').split('/').filter((part) => part !== '');
  if (parts.some((part) => part === '.' || part === '..')) throw new SinkSetupError('s3_path cannot hold . or ..');
  return parts.map((part) => `${encodeURIComponent(part)}/`).join('');
}
