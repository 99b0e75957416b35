import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { type KeyAddress, parseKeyAddress } from '../../core/key-address.ts';
import { assertMay } from '../../core/permissions.ts';
import type { KeyStore } from '../../storage/storage.ts';
import { toFoundKey } from './find-key-for.ts';
import { findLinkedBudget } from './find-linked-budget.ts';
import type { InfoDeps, KeyInfo } from './get-key-info.ts';
import { readUsage } from './read-usage.ts';
import { viewKeys } from './view-key.ts';

const MAX_KEYS = 1_000;

/**
 * Several keys at once. What is unknown, and what the caller may not see, is left out without a word; a key that is
 * named twice is shown once. Throws bad_request for more than a thousand names.
 */
export async function getKeyInfos(
  deps: InfoDeps & {
    keys: Pick<KeyStore, 'findMany'>;
  },
  caller: Caller,
  input: { keys: readonly string[]; aliases: readonly string[] },
): Promise<KeyInfo[]> {
  assertMay(caller, 'infos');
  if (input.keys.length + input.aliases.length > MAX_KEYS) {
    throw new GatewayError('bad_request', `At most ${MAX_KEYS} keys can be asked for at once.`, { param: 'keys' });
  }
  const addresses = [
    ...input.keys.map(parseKeyAddress),
    ...input.aliases.map((alias): KeyAddress => ({ kind: 'alias', alias })),
  ];
  const found = (await deps.keys.findMany(addresses)).filter((key) => key !== undefined);
  const visible = new Map<string, KeyRecord>();
  for (const key of found) {
    if (!((await toFoundKey(deps, caller, 'infos', key)) instanceof GatewayError)) visible.set(key.keyId, key);
  }
  const keys = [...visible.values()];
  const nowMs = deps.nowMs();
  const [usages, views, budgets] = await Promise.all([
    readUsage(deps, keys, nowMs),
    viewKeys(deps, keys, nowMs),
    Promise.all(keys.map((key) => findLinkedBudget(deps, key))),
  ]);
  return views.map((view, index) => ({
    ...view,
    usage: usages[index] ?? { models: [], windows: [] },
    linkedBudget: budgets[index] ?? null,
  }));
}
