import { SinkSetupError } from '../sink.ts';
import type { FlushRule } from '../sink-kind.ts';
import { flagOf, type SinkVars, secondsOf, wholeNumberOf } from '../sink-vars.ts';

export interface GcsSettings {
  bucket: string;
  /** Begins the names of all objects; ends with a slash, or is empty. */
  prefix: string;
  /** Path of a service account's key file, or its JSON; null: what the machine offers (default credentials). */
  serviceAccount: string | null;
  /** `serviceAccount` is the destination's own, so that only a plain service account will do. */
  ownServiceAccount: boolean;
  /** Whether the installation has a bucket of its own; a destination's own account says so where it is of no use. */
  commonBucket: boolean;
  /** Scheme, host and port. */
  endpoint: string;
  /** An emulator asks for no credentials, and gets none. */
  emulator: boolean;
  gzip: boolean;
  /** An object for each call instead of one for each batch. */
  perCall: boolean;
}

/** LiteLLM's words, which clients look for. */
export const NO_COMMON_BUCKET = 'GCS_BUCKET_NAME is not set in the environment';

const MIB = 1024 * 1024;

/** @throws SinkSetupError */
export function readGcsSettings(vars: SinkVars): GcsSettings {
  const name = vars.either('gcs_bucket_name', 'GCS_BUCKET_NAME');
  if (name === undefined) throw new SinkSetupError(NO_COMMON_BUCKET);
  const [bucket = '', ...folders] = name.split('/').filter((part) => part !== '');
  if (!/^[a-z0-9][a-z0-9._-]{1,220}$/.test(bucket)) {
    throw new SinkSetupError('gcs_bucket_name has to be the name of a bucket, or of a bucket and a folder in it');
  }
  const ownAccount = vars.own('gcs_path_service_account');
  const emulatorHost = vars.environment('STORAGE_EMULATOR_HOST');
  return {
    bucket,
    prefix: folders.map((folder) => `${folder}/`).join(''),
    serviceAccount: ownAccount ?? vars.environment('GCS_PATH_SERVICE_ACCOUNT') ?? null,
    ownServiceAccount: ownAccount !== undefined,
    commonBucket: vars.environment('GCS_BUCKET_NAME') !== undefined,
    endpoint: emulatorHost === undefined ? 'https://storage.googleapis.com' : toOrigin(emulatorHost),
    emulator: emulatorHost !== undefined,
    gzip: flagOf('GCS_GZIP', vars.environment('GCS_GZIP'), false),
    perCall: !flagOf('GCS_USE_BATCHED_LOGGING', vars.environment('GCS_USE_BATCHED_LOGGING'), true),
  };
}

/** @throws SinkSetupError */
export function readGcsFlushRule(vars: SinkVars): FlushRule {
  return {
    maxRecords: wholeNumberOf('GCS_BATCH_SIZE', vars.environment('GCS_BATCH_SIZE'), 2048),
    maxBytes: 8 * MIB,
    intervalMs: secondsOf('GCS_FLUSH_INTERVAL', vars.environment('GCS_FLUSH_INTERVAL'), 20_000),
  };
}

/** Official clients take the emulator's address with and without a scheme. */
function toOrigin(host: string): string {
  const url = /^https?:\/\//.test(host) ? host : `http://${host}`;
  if (!URL.canParse(url)) throw new SinkSetupError('STORAGE_EMULATOR_HOST has to be an address');
  return new URL(url).origin;
}
