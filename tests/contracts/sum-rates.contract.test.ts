// What the keys of a team or an organisation may use up together, summed up inside a transaction.

import { expect, test } from 'vitest';
import { NO_LIMITS } from '../../src/core/limits.ts';
import { buildKey, buildOrganization, buildTeam, NOW_MS, nextName } from '../../src/storage/__fixtures__/rows.ts';
import type { RateQuery } from '../../src/storage/owners/owner-storage.ts';
import { type Bench, onBothDatabases } from './storage-on-both.ts';

const STAMPS = { createdAtMs: 1, createdBy: 'a', updatedAtMs: 1, updatedBy: 'a', deletedAtMs: null, deletedBy: null };
const WHOLE = [
  { unit: 'RPM', model: null },
  { unit: 'TPM', model: null },
] as const;

async function sum(
  bench: Bench,
  owner: RateQuery['owner'],
  sums: RateQuery['sums'],
  exceptKeyId = '',
): Promise<number[]> {
  const result = await bench.storage.transact((unit) => unit.keys.sumRates({ owner, sums, exceptKeyId }));
  if (result.kind !== 'done') throw new Error(result.field);
  return result.value;
}

onBothDatabases('rates of keys', (bench) => {
  test('of a team are those of its living keys and of their budget rows, but of the one that asks', async () => {
    const [teamId, budgetId, own] = [nextName('team'), nextName('budget'), buildKey()];
    await bench.storage.transact(async (unit) => {
      await unit.budgets.insert({ ...NO_LIMITS, ...STAMPS, id: budgetId, rpmLimit: 30, tpmLimit: 4000 });
      const keys = [
        { ...own, rpmLimit: 1000 },
        buildKey({ rpmLimit: 1, tpmLimit: 100 }),
        buildKey({ rpmLimit: 2, blocked: true }),
        buildKey({ expiresAtMs: NOW_MS + 1, rpmLimit: 5 }),
        buildKey({ expiresAtMs: NOW_MS, rpmLimit: 300 }),
        buildKey({ budgetId, tpmLimit: 50 }),
        buildKey({ rpmLimit: Number.MAX_SAFE_INTEGER, deletedAtMs: NOW_MS, deletedBy: 'a' }),
        buildKey(),
      ];
      for (const key of keys) await unit.keys.insert({ ...key, teamId });
      await unit.keys.insert(buildKey({ teamId: `${teamId}-other`, rpmLimit: 700 }));
    });
    expect(await sum(bench, { kind: 'team', id: teamId }, WHOLE, own.keyId)).toEqual([38, 150]);
    expect(await sum(bench, { kind: 'team', id: 'nobody' }, WHOLE)).toEqual([0, 0]);
  });

  test('of models are read out of whatever metadata there is', async () => {
    const [teamId, budgetId] = [nextName('team'), nextName('budget')];
    await bench.storage.transact(async (unit) => {
      await unit.budgets.insert({ ...NO_LIMITS, ...STAMPS, id: budgetId, modelRpmLimit: { a: 40 } });
      const metadata = [
        { model_rpm_limit: { a: 1, 'b"\\': 2 }, model_tpm_limit: { a: 9 } },
        { model_rpm_limit: { a: 4 }, note: '\u0000 \ud800' },
        { model_rpm_limit: 'none', nested: { model_rpm_limit: { a: 100 } } },
        { model_rpm_limit: { a: 'many' } },
      ];
      for (const each of metadata) await unit.keys.insert(buildKey({ teamId, metadata: each }));
      await unit.keys.insert(buildKey({ teamId, budgetId }));
      await unit.keys.insert(buildKey({ teamId, budgetId, metadata: { model_rpm_limit: { b: 1 } } }));
    });
    const sums = [
      { unit: 'RPM', model: 'a' },
      { unit: 'RPM', model: 'b"\\' },
      { unit: 'TPM', model: 'a' },
      { unit: 'TPM', model: 'b' },
      { unit: 'RPM', model: null },
    ] as const;
    expect(await sum(bench, { kind: 'team', id: teamId }, sums)).toEqual([45, 2, 9, 0, 0]);
  });

  test('of an organisation are its own and those of its teams, unless a key there names another', async () => {
    const [organization, other] = [buildOrganization(), buildOrganization()];
    const team = buildTeam({ organizationId: organization.id });
    await bench.storage.transact(async (unit) => {
      await unit.organizations.insert(organization);
      await unit.teams.insert(team);
      const keys = [
        buildKey({ organizationId: organization.id, rpmLimit: 1 }),
        buildKey({ organizationId: organization.id, teamId: team.id, rpmLimit: 2 }),
        buildKey({ teamId: team.id, rpmLimit: 4 }),
        buildKey({ organizationId: other.id, teamId: team.id, rpmLimit: 8 }),
      ];
      for (const key of keys) await unit.keys.insert(key);
    });
    expect(await sum(bench, { kind: 'organization', id: organization.id }, WHOLE)).toEqual([7, 0]);
    expect(await sum(bench, { kind: 'organization', id: other.id }, WHOLE)).toEqual([8, 0]);
  });

  test('do not overflow', async () => {
    const teamId = nextName('team');
    await bench.storage.transact(async (unit) => {
      for (const rpmLimit of [2 ** 62, 2 ** 62, 2 ** 62]) await unit.keys.insert(buildKey({ teamId, rpmLimit }));
    });
    expect(await sum(bench, { kind: 'team', id: teamId }, WHOLE)).toEqual([3 * 2 ** 62, 0]);
  });
});
