// What the outbox of alerts promises, the same on both databases.

import { expect, test } from 'vitest';
import { buildAlertEvent } from '../../src/core/alert-event.ts';
import type { QueuedAlert } from '../../src/core/alert-routing.ts';
import { type buildKey, buildNewKey, nextName } from '../../src/storage/__fixtures__/rows.ts';
import { onBothDatabases } from './storage-on-both.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

const message = (over: Partial<QueuedAlert> = {}): QueuedAlert => ({
  id: nextName('alert'),
  channel: 'webhook',
  recipient: '',
  event: buildAlertEvent({ event: 'budget_crossed', group: 'key', message: 'Key Budget: Budget Crossed' }),
  sealedSecret: null,
  keepUntilMs: null,
  ...over,
});

onBothDatabases('alerts', (bench) => {
  const claim = () => bench.storage.alerts.claim(['webhook', 'email'], bench.nowMs + MINUTE, 10);
  const rowsOf = (id: string) => bench.storage.writes.selectFrom('alerts').selectAll().where('id', '=', id).execute();

  test('the same alert is written once, by whichever of two processes comes first', async () => {
    const other = await bench.openAnother();
    const alert = message();
    const added = await Promise.all([bench.storage.alerts.add([alert]), other.alerts.add([alert])]);
    expect(added.sort()).toEqual([0, 1]);
    expect(await bench.storage.alerts.add([alert, message({ ...alert, channel: 'email', recipient: 'a@b' })])).toBe(1);
    for (const claimed of await claim()) await bench.storage.alerts.finish(claimed, 'delivered');
    expect(await bench.storage.alerts.add([alert])).toBe(0);
  });

  test('of two processes that look at the same time one gets it, and another one when its time is over', async () => {
    const other = await bench.openAnother();
    const { id } = message();
    await bench.storage.alerts.add([message({ id })]);
    const until = bench.nowMs + MINUTE;
    const both = await Promise.all([bench.storage, other].map(({ alerts }) => alerts.claim(['webhook'], until, 10)));
    expect(both.flat().map((claimed) => [claimed.id, claimed.attempts])).toEqual([[id, 1]]);
    expect(await other.alerts.claim(['webhook'], until, 10)).toEqual([]);
    bench.nowMs = until;
    const [again] = await other.alerts.claim(['webhook'], until + MINUTE, 10);
    expect(again).toMatchObject({ id, attempts: 2, event: { event: 'budget_crossed' } });
    // Whoever had it before and was slow has no say any more.
    await bench.storage.alerts.finish(both.flat()[0]!, 'delivered');
    expect((await rowsOf(id))[0]?.state).toBe('pending');
    await other.alerts.finish(again!, 'delivered');
    expect(await rowsOf(id)).toMatchObject([{ state: 'delivered', event: null }]);
  });

  test('what is put off comes at its time; other channels are not looked at', async () => {
    await bench.storage.alerts.add([message({ channel: 'slack' }), message()]);
    const [claimed] = await claim();
    await bench.storage.alerts.postpone(claimed!, bench.nowMs + 5 * MINUTE);
    expect(await claim()).toEqual([]);
    bench.nowMs += 5 * MINUTE;
    expect((await claim()).map(({ id }) => id)).toEqual([claimed?.id]);
  });

  test('a sealed secret is gone once its mail is sent or given up', async () => {
    for (const state of ['delivered', 'failed'] as const) {
      const alert = message({ channel: 'email', recipient: 'a@b', sealedSecret: 'sealed:v1:abc' });
      await bench.storage.alerts.add([alert]);
      const claimed = (await claim()).find(({ id }) => id === alert.id);
      expect(claimed?.sealedSecret).toBe('sealed:v1:abc');
      await bench.storage.alerts.finish(claimed!, state);
      expect(await rowsOf(alert.id)).toMatchObject([{ state, sealed_secret: null }]);
    }
  });

  test('the message of a new key is written with the key, or not at all', async () => {
    const [first, second] = [message(), message()];
    const rows = buildNewKey({ alias: nextName('alias') });
    await bench.storage.keys.insert({ ...rows, alerts: [first] });
    expect(await rowsOf(first.id)).toHaveLength(1);
    const taken = buildNewKey({ alias: rows.key.alias });
    expect(await bench.storage.keys.insert({ ...taken, alerts: [second] })).toMatchObject({ kind: 'conflict' });
    expect(await rowsOf(second.id)).toEqual([]);
  });

  test('expiring keys are found until somebody has been told, soonest first', async () => {
    const { nowMs } = bench;
    const expiring = async (fields: Parameters<typeof buildKey>[0]) => {
      const rows = buildNewKey(fields);
      await bench.storage.keys.insert(rows);
      return rows.key;
    };
    const later = await expiring({ expiresAtMs: nowMs + 2 * DAY });
    const sooner = await expiring({ expiresAtMs: nowMs + DAY });
    await expiring({ expiresAtMs: nowMs + 8 * DAY });
    await expiring({ expiresAtMs: nowMs - 1 });
    await expiring({ expiresAtMs: nowMs + DAY, blocked: true });
    const found = async () =>
      (await bench.storage.alerts.findExpiringKeys(nowMs + 7 * DAY, 10)).map(({ keyId }) => keyId);
    expect(await found()).toEqual([sooner.keyId, later.keyId]);
    await bench.storage.alerts.remember(`key_expiring/${sooner.keyId}@${sooner.expiresAtMs}`, null);
    expect(await found()).toEqual([later.keyId]);
    await bench.storage.alerts.add([message({ id: `key_expiring/${later.keyId}@${later.expiresAtMs}` })]);
    expect(await found()).toEqual([]);
  });

  test('names are forgotten with their window, and others never', async () => {
    const [gone, kept] = [message({ keepUntilMs: bench.nowMs + DAY }), message()];
    await bench.storage.alerts.add([gone, kept]);
    bench.nowMs += 2 * DAY;
    await bench.storage.prune();
    expect([await bench.storage.alerts.isKnown(gone.id), await bench.storage.alerts.isKnown(kept.id)]).toEqual([
      false,
      true,
    ]);
  });
});
