import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyStore } from '../../storage/storage.ts';
import { changedMeanwhile, findKeyFor } from './find-key-for.ts';
import { planKeyChange } from './plan-key-change.ts';
import { addressOf, keyNotFound } from './resolve-key.ts';
import { reviseKey } from './revise-key.ts';
import type { UpdateDeps } from './update-key.ts';
import { type KeyView, viewKey } from './view-key.ts';

/**
 * Undoes a rotation whose old secret still works: that one stands again without an end, and the new one dies at once, its
 * open streams too. Everything else of the key stays. Whoever may rotate the key may do this.
 * Throws not_found, forbidden, bad_request (nothing to roll back to), conflict (the key was changed meanwhile).
 */
export async function rollbackKey(
  deps: Omit<UpdateDeps, 'keys'> & { keys: Pick<KeyStore, 'find' | 'change' | 'workingSecrets'> },
  caller: Caller,
  actor: Actor,
  text: string,
): Promise<KeyView> {
  const nowMs = deps.nowMs();
  const found = await findKeyFor(deps, caller, 'regenerate', text);
  const { key } = found.draft;
  const { assertMayBecome } = await planKeyChange(deps, caller, found, { act: 'regenerate', fields: {}, nowMs });
  const old = (await deps.keys.workingSecrets(key.keyId)).find(({ hash }) => hash !== key.hash);
  if (old === undefined) throw nothingToRollBack();
  const result = await deps.keys.change(addressOf(key), (current) => {
    if (current.hash !== key.hash) throw changedMeanwhile();
    assertMayBecome(current);
    const also = { hash: old.hash, mask: deps.settings.disableKeyName ? null : old.mask };
    return {
      ...reviseKey(deps, current, { action: 'rolled_back', fields: {}, also, move: null, caller, actor, nowMs }),
      restoresSecret: true,
    };
  });
  if (result.kind === 'not_found') throw keyNotFound(text);
  if (result.kind === 'conflict') throw nothingToRollBack();
  return viewKey(deps, result.after, nowMs);
}

function nothingToRollBack(): GatewayError {
  return new GatewayError(
    'bad_request',
    'There is no rotation to roll back: no earlier secret of this key works any more. Rotate the key instead.',
    { param: 'key' },
  );
}
