import { assertJsonLimits, MAX_BODY_CHARS } from '../../core/assert-json-limits.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';
import { type MintedSecret, sha256Hex } from '../../core/key-secret.ts';
import type { IdempotencyNote, KeyStore } from '../../storage/storage.ts';
import { acceptChosenSecret, deriveIssuedSecret, issueSecret } from './issue-secret.ts';
import type { KeyManagement } from './key-management.ts';
import { type IssuedKey, viewKey } from './view-key.ts';

/** How long a repetition is recognised. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;
const MAX_HEADER_CHARS = 255;
const HEADER = 'idempotency-key';

/** What makes two requests the same one: who asks, what for, the header, and the body. */
export interface IdempotentRequest {
  header: string;
  /** The URL that was asked, path parameters included. */
  route: string;
  body: JsonObject;
}

/** The chosen secret of a request, if it names one, and the field that it stands in. */
export interface ChosenSecret {
  secret: string;
  param: 'key' | 'new_key';
}

interface RequestIdentity {
  id: string;
  bodyHash: string;
}

/** Name and fingerprint of the request; null without the header. Throws `bad_request` for a header of absurd length. */
export function identifyRequest(caller: Caller, request: IdempotentRequest | null): RequestIdentity | null {
  if (request === null) return null;
  if (request.header.length === 0 || request.header.length > MAX_HEADER_CHARS) {
    throw new GatewayError('bad_request', `${HEADER} must have 1 to ${MAX_HEADER_CHARS} characters.`, {
      param: HEADER,
    });
  }
  assertJsonLimits(request.body, 'body', MAX_BODY_CHARS);
  return {
    id: sha256Hex(JSON.stringify([caller.secretHash, request.route, request.header])),
    bodyHash: sha256Hex(JSON.stringify(request.body)),
  };
}

/**
 * What an earlier, identical request was answered: the key, as it is by now, and its secret. Undefined: there was none.
 * Throws `conflict` (409) when the header was used for another body, or the secret has been replaced or deleted since.
 */
export async function findEarlierIssue(
  deps: Pick<KeyManagement, 'deriveSecrets' | 'readSpend' | 'budgetWindow' | 'standingOf'> & {
    keys: Pick<KeyStore, 'find' | 'findIdempotency'>;
  },
  request: RequestIdentity | null,
  chosen: ChosenSecret | null,
  nowMs: number,
): Promise<IssuedKey | undefined> {
  if (request === null) return undefined;
  const note = await deps.keys.findIdempotency(request.id, nowMs);
  if (note === undefined) return undefined;
  if (note.bodyHash !== request.bodyHash) {
    throw new GatewayError('conflict', `This ${HEADER} was used before, with another request body.`, { param: HEADER });
  }
  const key = await deps.keys.find({ kind: 'key_id', keyId: note.keyId });
  const minted =
    chosen === null ? deriveIssuedSecret(deps, note, note.secretHash) : acceptChosenSecret(chosen.secret, chosen.param);
  if (key === undefined || key.hash !== note.secretHash || minted.hash !== note.secretHash) {
    throw new GatewayError(
      'conflict',
      `The request with this ${HEADER} was carried out, but its key has been rotated or deleted since.`,
      { param: HEADER },
    );
  }
  return { ...(await viewKey(deps, key, nowMs)), secret: minted.secret };
}

/** A secret for a request, and the note that lets a repetition be shown the same one. */
export function prepareIssue(
  deps: Pick<KeyManagement, 'randomBytes' | 'deriveSecrets'>,
  request: RequestIdentity | null,
  chosen: ChosenSecret | null,
): { minted: MintedSecret; noteFor(keyId: string, nowMs: number): IdempotencyNote | null } {
  const nonce = request === null ? '' : Buffer.from(deps.randomBytes(16)).toString('hex');
  const minted = mintFor();
  return {
    minted,
    noteFor: (keyId, nowMs) =>
      request && { ...request, nonce, keyId, secretHash: minted.hash, expiresAtMs: nowMs + REMEMBERED_MS },
  };

  function mintFor(): MintedSecret {
    if (chosen !== null) return acceptChosenSecret(chosen.secret, chosen.param);
    return request === null ? issueSecret(deps) : deriveIssuedSecret(deps, { id: request.id, nonce });
  }
}
