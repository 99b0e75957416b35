import { readFile } from 'node:fs/promises';
import type { GoogleAuth, JWTInput } from 'google-auth-library';
import type { SendHttp } from '../send-http.ts';
import { SinkError, SinkSetupError } from '../sink.ts';
import { fetchThrough } from './fetch-through.ts';
import { type GcsSettings, NO_COMMON_BUCKET } from './gcs-settings.ts';

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
const TIMEOUT_MS = 30_000;

/** The present access token, asked for anew when it is about to end. @throws SinkError, SinkSetupError */
export type GetToken = () => Promise<string>;

/** Null for an emulator, which asks for none. A destination's own account asks for its tokens by `sendGuarded`. */
export function createGcsToken(settings: GcsSettings, sendGuarded: SendHttp): GetToken | null {
  if (settings.emulator) return null;
  let auth: Promise<GoogleAuth> | undefined;
  return async () => {
    auth ??= openAuth(settings, sendGuarded);
    try {
      const token = await within(TIMEOUT_MS, (await auth).getAccessToken());
      if (typeof token === 'string' && token !== '') return token;
      throw new Error('no token was given out');
    } catch (error) {
      // What was read may be replaced by something better.
      auth = undefined;
      if (error instanceof SinkSetupError) throw withAdvice(error, settings);
      throw new SinkError('later', `Google gives no access token: ${(error as Error).message}`, { cause: error });
    }
  };
}

/** A destination whose own account is of no use might do without one, if there is a bucket for all: says if there is none. */
function withAdvice(error: SinkSetupError, { ownServiceAccount, commonBucket }: GcsSettings): SinkSetupError {
  if (!ownServiceAccount || commonBucket) return error;
  return new SinkSetupError(`${error.message}; there is no bucket for all to log to instead: ${NO_COMMON_BUCKET}`);
}

async function openAuth(settings: GcsSettings, sendGuarded: SendHttp): Promise<GoogleAuth> {
  const { serviceAccount, ownServiceAccount } = settings;
  // Loaded by whoever needs it.
  const { GoogleAuth } = await import('google-auth-library');
  if (serviceAccount === null) return new GoogleAuth({ scopes: SCOPE });
  const credentials = parseAccount(await readAccount(serviceAccount));
  if (!ownServiceAccount) return new GoogleAuth({ scopes: SCOPE, credentials });
  // Other kinds of credentials name addresses, files and programs, which a key's owner must not choose.
  const { type, client_email, private_key } = credentials;
  if (type !== 'service_account' || client_email === undefined || private_key === undefined) {
    throw new SinkSetupError('gcs_path_service_account has to be the key of a service account');
  }
  return new GoogleAuth({
    scopes: SCOPE,
    // Nothing else of it: `token_uri` and `universe_domain` say where to go.
    credentials: { type, client_email, private_key },
    clientOptions: { transporterOptions: { fetchImplementation: fetchThrough(sendGuarded) } },
  });
}

async function readAccount(pathOrJson: string): Promise<string> {
  if (pathOrJson.trimStart().startsWith('{')) return pathOrJson;
  try {
    return await readFile(pathOrJson, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SinkSetupError(`the file that gcs_path_service_account names cannot be read (${code ?? 'unknown'})`);
  }
}

/** Nothing of what was read is repeated: it may be any file. */
function parseAccount(text: string): JWTInput {
  try {
    const account: unknown = JSON.parse(text);
    if (typeof account === 'object' && account !== null) return account;
  } catch {
    // Said below.
  }
  throw new SinkSetupError('gcs_path_service_account is neither JSON nor the path of a file with JSON in it');
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
