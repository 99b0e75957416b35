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

type Owners = Omit<KeyLinkReaders, 'budgets'>;

/**
 * What a key is to be guaranteed fits into the limits of its team and of its organisation: of two transactions that ask at
 * once the later one counts what the earlier has written. A key that asks for no guarantee looks at nothing. Throws bad_request
 * that names the field. `assertLinks` is run while the team is locked and the organisation is not: whoever changes a team
 * locks it before what it is linked to, and in another order the two would wait for each other.
 */
export async function assertThroughput(
  owners: Owners,
  next: KeyRecord,
  before: KeyRecord | null,
  assertLinks?: () => Promise<void>,
): Promise<void> {
  const claims = isGuaranteed(next)
    ? findClaims(before && (await rate(owners, before)), await rate(owners, next), owners.nowMs)
    : [];
  const team = claims.length === 0 || next.teamId === null ? undefined : await owners.teams.find([next.teamId]);
  await assertLinks?.();
  if (claims.length === 0) return;
  const organizationId = next.organizationId ?? team?.organizationId ?? null;
  const organization = organizationId === null ? undefined : await owners.organizations.find([organizationId]);
  if (team !== undefined) await assertWithin(owners, 'team', team, claims, next.keyId);
  if (organization !== undefined) await assertWithin(owners, 'organization', organization, claims, next.keyId);
}

async function assertWithin(
  owners: Owners,
  kind: 'team' | 'organization',
  owner: OwnerRecord,
  claims: readonly RateClaim[],
  exceptKeyId: string,
): Promise<void> {
  const rates = ownerPolicy(kind, { ...owner, ...fillLimits(owner, await owners.readBudget(owner.budgetId)) });
  const sums = claims.filter((claim) => isBounded(claim, rates));
  if (sums.length === 0) return;
  const allocated = await owners.keys.sumRates({ owner: { kind, id: owner.id }, exceptKeyId, sums });
  for (const [index, claim] of sums.entries()) assertFits(claim, allocated[index] ?? 0, { kind, rates });
}

async function rate(owners: Owners, key: KeyRecord): Promise<RatedKey> {
  return { key, rates: keyPolicy(key, await owners.readBudget(key.budgetId)) };
}
