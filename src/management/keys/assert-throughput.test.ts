import { expect, test } from 'vitest';
import { buildKey } from '../../storage/__fixtures__/rows.ts';
import type { KeyLinkReaders } from '../../storage/storage.ts';
import { assertThroughput } from './assert-throughput.ts';

/** Whatever is looked at, throws. */
const NOBODY_ASKS = new Proxy({ nowMs: 0, readBudget: async () => null } as unknown as KeyLinkReaders, {
  get: (known, name) => Reflect.get(known, name) ?? expect.unreachable(`looked at ${String(name)}`),
});
const GUARANTEED = { rpm_limit_type: 'guaranteed_throughput' };

test.each([
  ['one without a type', buildKey({ teamId: 't', rpmLimit: 5 }), null],
  ['one of another type', buildKey({ teamId: 't', rpmLimit: 5, metadata: { rpm_limit_type: 'dynamic' } }), null],
  ['one without a limit', buildKey({ teamId: 't', metadata: GUARANTEED }), null],
  ['one of nobody', buildKey({ rpmLimit: 5, metadata: GUARANTEED }), null],
  [
    'one that takes no more than it had',
    buildKey({ teamId: 't', rpmLimit: 5, metadata: GUARANTEED }),
    buildKey({ teamId: 't', rpmLimit: 5, metadata: GUARANTEED }),
  ],
])('nothing is looked at, and nobody locked, for %s', async (_name, next, before) => {
  await assertThroughput(NOBODY_ASKS, next, before);
});
