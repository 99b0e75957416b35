import type { KeyRecord } from '../../core/key.ts';
import { fillLimits } from '../../core/limits.ts';
import { keyPolicy, ownerPolicy } from '../../core/owner-policy.ts';
import type { OwnerRecord } from '../../core/owner-records.ts';
import {
  assertFits,
  findClaims,
  isBounded,
  isGuaranteed,
  type RateClaim,
  type RatedKey,
} from '../../core/throughput.ts';
import type { KeyLinkReaders } from '../../storage/storage.ts';

/**
 * What a key is to be guaranteed fits into the limits of its team and of its organisation, which are locked from here on: of
 * two transactions that ask at once the later one counts what the earlier has written. A key that asks for no guarantee
 * looks at nothing. Throws bad_request that names the field.
 */
export async function assertThroughput(
  owners: KeyLinkReaders,
  next: KeyRecord,
  before: KeyRecord | null,
): Promise<void> {
  if (!isGuaranteed(next)) return;
  const claims = findClaims(before && (await rate(owners, before)), await rate(owners, next), owners.nowMs);
  if (claims.length === 0) return;
  const team = next.teamId === null ? undefined : await owners.teams.find([next.teamId]);
  const organizationId = next.organizationId ?? team?.organizationId ?? null;
  const organization = organizationId === null ? undefined : await owners.organizations.find([organizationId]);
  if (team !== undefined) await assertWithin(owners, 'team', team, claims, next.keyId);
  if (organization !== undefined) await assertWithin(owners, 'organization', organization, claims, next.keyId);
}

async function assertWithin(
  owners: KeyLinkReaders,
  kind: 'team' | 'organization',
  owner: OwnerRecord,
  claims: readonly RateClaim[],
  exceptKeyId: string,
): Promise<void> {
  const linked = await findBudget(owners, owner.budgetId);
  const rates = ownerPolicy(kind, { ...owner, ...fillLimits(owner, linked) });
  const sums = claims.filter((claim) => isBounded(claim, rates));
  if (sums.length === 0) return;
  const allocated = await owners.keys.sumRates({ owner: { kind, id: owner.id }, exceptKeyId, sums });
  for (const [index, claim] of sums.entries()) assertFits(claim, allocated[index] ?? 0, { kind, rates });
}

async function rate(owners: KeyLinkReaders, key: KeyRecord): Promise<RatedKey> {
  return { key, rates: keyPolicy(key, await findBudget(owners, key.budgetId)) };
}

async function findBudget(owners: Pick<KeyLinkReaders, 'budgets'>, id: string | null) {
  return id === null ? null : ((await owners.budgets.find([id])) ?? null);
}
