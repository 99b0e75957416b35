import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY_MS } from '../../core/duration.ts';
import { type OpenStorage, openStorage } from '../../storage/open-storage.ts';
import { ACTOR, ADMIN, buildTestManagement, callerOf, newKey, START_MS } from './__fixtures__/key-management.ts';
import { blockKey } from './block-key.ts';
import { claimRotation } from './claim-rotation.ts';
import { generateKey } from './generate-key.ts';
import { runDueRotations } from './run-due-rotations.ts';

const clock = { nowMs: START_MS };
let storage: OpenStorage;
beforeAll(async () => {
  storage = await openStorage({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
});
afterAll(() => storage.close());

const ROTATING = newKey({ fields: { autoRotate: true, rotationInterval: '30d' } });

test('of many at once one opens a rotation, and one finds it overdue', async () => {
  const deps = buildTestManagement(storage, clock);
  const { key } = await generateKey(deps, ADMIN, ACTOR, ROTATING);
  const overdue: string[] = [];
  const runMany = () =>
    Promise.all(Array.from({ length: 5 }, () => runDueRotations(deps, ({ keyId }) => overdue.push(keyId))));
  const actions = async () => (await deps.auditOf(key.hash)).map(({ action }) => action).reverse();

  clock.nowMs += 30 * DAY_MS - 1;
  await runMany();
  expect(await actions()).toEqual(['created']);
  clock.nowMs += 1;
  await runMany();
  expect(await actions()).toEqual(['created', 'rotation_due']);
  clock.nowMs += DAY_MS;
  await runMany();
  await runMany();
  expect(await actions()).toEqual(['created', 'rotation_due', 'rotation_overdue']);
  expect(overdue).toEqual([key.keyId]);
});

test('of many claims at once one gets the secret; nothing is opened of a blocked key', async () => {
  const deps = buildTestManagement(storage, clock);
  const { key } = await generateKey(deps, ADMIN, ACTOR, ROTATING);
  const blocked = (await generateKey(deps, ADMIN, ACTOR, ROTATING)).key;
  await blockKey(deps, ADMIN, ACTOR, blocked.keyId);
  clock.nowMs += 30 * DAY_MS;
  await runDueRotations(deps, () => {});
  const claims = await Promise.allSettled(
    Array.from({ length: 5 }, () => claimRotation(deps, callerOf(key), ACTOR, null)),
  );
  expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await deps.keys.find({ kind: 'key_id', keyId: key.keyId })).toMatchObject({ rotationCount: 1 });
  expect(await deps.keys.find({ kind: 'key_id', keyId: blocked.keyId })).toMatchObject({ rotationClaimUntilMs: null });
});
