import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { callLog } from '../core/__fixtures__/call-log.ts';
import { globalDestinations, type LogDestination, ownDestinations } from '../core/log-destination.ts';
import type { LogPayload } from '../core/log-payload.ts';
import { createFakeReceiver, type FakeReceiver } from './__fixtures__/fake-receiver.ts';
import { createSinks } from './create-sinks.ts';
import type { Sinks } from './sinks.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const act of cleanUp.splice(0).reverse()) await act();
});

async function setUp(environment: Record<string, string> = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-sinks-'));
  const receiver = await createFakeReceiver();
  cleanUp.push(
    () => rmSync(dataDir, { recursive: true, force: true }),
    () => receiver.close(),
  );
  let global = globalDestinations(['generic_api'], ['generic_api'], null);
  let ofKey: LogDestination[] = [];
  const open = (maxSpoolBytes = 1e9) =>
    createSinks({
      dataDir,
      environment: () => ({
        GENERIC_LOGGER_ENDPOINT: receiver.url,
        GENERIC_LOGGER_FLUSH_INTERVAL: '0.05',
        ...environment,
      }),
      openSecret: () => null,
      egress: { allowed: ['127.0.0.1'] },
      destinationsOf: async ({ scope }) => (scope === 'global' ? global : ofKey),
      redaction: () => ({ caller: false, quotes: null }),
      maxSpoolBytes,
      fsync: false,
      nowMs: Date.now,
      random: () => 0.5,
      logger: silent,
    });
  return {
    dataDir,
    receiver,
    open,
    global,
    async openTended() {
      const sinks = await open();
      await sinks.tend();
      return sinks;
    },
    setGlobal: (list: LogDestination[]) => {
      global = list;
    },
    setKey: (list: LogDestination[]) => {
      ofKey = list;
    },
  };
}

const offer = (sinks: Sinks, id: string, to: readonly LogDestination[]) =>
  sinks.offer(callLog({ requestId: id }), to) ?? Promise.resolve();
async function offerMany(sinks: Sinks, count: number, to: readonly LogDestination[], from = 0) {
  await Promise.all(Array.from({ length: count }, (_, index) => offer(sinks, `r${from + index}`, to)));
}
const idsOf = (receiver: FakeReceiver) =>
  receiver.batches().flatMap(({ records }) => records.map((record) => (record as LogPayload).litellm_call_id));
const keyDestination = (vars: Record<string, string>) =>
  ownDestinations(
    'key',
    { id: 'key_1', metadata: { logging: [{ callback_name: 'generic_api', callback_vars: vars }] } },
    null,
  ) ?? [];

describe('records on their way to their destinations', () => {
  it('arrive in order, in batches, and leave nothing behind', async () => {
    const { open, receiver, global, dataDir } = await setUp({ GENERIC_LOGGER_BATCH_SIZE: '10' });
    const sinks = await open();
    await offerMany(sinks, 25, global);
    await sinks.flush();
    expect(idsOf(receiver)).toEqual(Array.from({ length: 25 }, (_, index) => `r${index}`));
    expect(receiver.batches().map(({ records }) => records.length)).toEqual([10, 10, 5]);
    expect(sinks.stats()).toMatchObject([{ queued: 0, delivered: 25, retried: 0, dropped: 0, dead: 0, oldestMs: 0 }]);
    await sinks.close(1000);
    expect(readdirSync(join(dataDir, 'spools'))).toEqual([]);
  });

  it('are counted as lost where no line can be made of them, and keep no other back', async () => {
    const { open, receiver, global } = await setUp();
    const sinks = await open();
    cleanUp.push(() => sinks.close(0));
    void sinks.offer(callLog({ tags: null as never }), global);
    await offer(sinks, 'r1', global);
    await sinks.flush();
    expect(idsOf(receiver)).toEqual(['r1']);
    expect(sinks.stats()).toMatchObject([{ queued: 0, delivered: 1, dropped: 1, dead: 0 }]);
  });

  it('are sent by the clock as well', async () => {
    const { open, receiver, global } = await setUp();
    const sinks = await open();
    cleanUp.push(() => sinks.close(0));
    await offer(sinks, 'r1', global);
    await receiver.until(1);
    expect(idsOf(receiver)).toEqual(['r1']);
  });

  it('wait while the destination is away, and then all arrive once', async () => {
    const { open, receiver, global } = await setUp({ GENERIC_LOGGER_BATCH_SIZE: '10' });
    const sinks = await open();
    cleanUp.push(() => sinks.close(0));
    receiver.answer(503);
    await offerMany(sinks, 15, global);
    await expect(sinks.flush()).resolves.toBeUndefined();
    expect(sinks.stats()).toMatchObject([
      { queued: 15, delivered: 0, dropped: 0, failure: expect.stringContaining('503') },
    ]);
    receiver.answer(200);
    await sinks.flush();
    expect(idsOf(receiver)).toEqual(Array.from({ length: 15 }, (_, index) => `r${index}`));
    expect(sinks.stats()).toMatchObject([{ queued: 0, delivered: 15, dropped: 0, failure: null }]);
  });

  it('have the same name and content when they are sent again by the next process', async () => {
    const { open, openTended, receiver, global } = await setUp({ GENERIC_LOGGER_BATCH_SIZE: '10' });
    const crashed = await open();
    receiver.swallow();
    await offerMany(crashed, 12, global);
    await receiver.until(1);
    await crashed.close(0);
    receiver.answer(200);
    const sinks = await openTended();
    cleanUp.push(() => sinks.close(0));
    await sinks.flush();
    const [first, repeat, rest] = receiver.batches();
    expect(repeat).toEqual(first);
    expect(repeat?.records).toHaveLength(10);
    expect(rest?.records).toHaveLength(2);
    expect(rest?.id).not.toBe(first?.id);
  });

  it('are sent with the credentials that their owner has by now', async () => {
    const { open, openTended, receiver, setKey } = await setUp();
    const wrong = keyDestination({ endpoint: `${receiver.url}/wrong`, headers: 'authorization=Bearer wrong' });
    const right = keyDestination({ endpoint: receiver.url, headers: 'authorization=Bearer right' });
    expect(wrong[0]?.id).not.toBe(right[0]?.id);
    setKey(wrong);
    receiver.answer(401);
    const sinks = await open();
    await offer(sinks, 'r1', wrong);
    await sinks.flush();
    await sinks.close(0);
    setKey(right);
    receiver.answer(200);
    const next = await openTended();
    cleanUp.push(() => next.close(0));
    await next.flush();
    expect(receiver.batches().at(-1)?.headers.authorization).toBe('Bearer right');
    expect(next.stats()).toMatchObject([{ queued: 0, delivered: 1 }]);
  });

  it('are so too where their owner has several destinations of the type', async () => {
    const { open, openTended, receiver, setKey } = await setUp();
    const [at, secret] = [
      (name: string) => `${receiver.url}/${name}`,
      (word: string) => `authorization=Bearer ${word}`,
    ];
    const keyHas = (...words: string[]) => {
      const logging = words.map((word, place) => ({
        callback_name: 'generic_api',
        callback_vars: { endpoint: at(String(place)), headers: secret(word) },
      }));
      const list = ownDestinations('key', { id: 'key_1', metadata: { logging } }, null) ?? [];
      setKey(list);
      return list;
    };
    receiver.answer(401);
    const sinks = await open();
    await offer(sinks, 'r1', keyHas('one', 'wrong', 'three'));
    await sinks.flush();
    await sinks.close(0);
    keyHas('one', 'right', 'three');
    receiver.answer(200);
    const next = await openTended();
    cleanUp.push(() => next.close(0));
    await next.flush();
    const taken = receiver.batches().slice(-3);
    expect(taken.map(({ path, headers }) => [path, headers.authorization]).sort()).toEqual([
      ['/0', 'Bearer one'],
      ['/1', 'Bearer right'],
      ['/2', 'Bearer three'],
    ]);
    expect(next.stats().map(({ queued, delivered }) => [queued, delivered])).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });

  it('are never in reach of credentials on disk', async () => {
    const { open, receiver, dataDir } = await setUp();
    receiver.answer(503);
    const sinks = await open();
    await offer(sinks, 'r1', keyDestination({ endpoint: receiver.url, headers: 'authorization=Bearer canary-4711' }));
    await sinks.flush();
    await sinks.close(0);
    const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' });
    const texts = files
      .filter((name) => /\.(json|ndjson)$|progress|lock/.test(name))
      .map((name) => readFileSync(join(dataDir, name), 'utf8'));
    expect(texts.length).toBeGreaterThan(2);
    expect([...files, ...texts].join('\n')).not.toContain('canary-4711');
  });

  it('keep no others back when they are refused, and are kept aside', async () => {
    const { open, receiver, global, dataDir } = await setUp({ GENERIC_LOGGER_BATCH_SIZE: '8' });
    const sinks = await open();
    cleanUp.push(() => sinks.close(0));
    receiver.refuse((records) => records.some((record) => (record as LogPayload).litellm_call_id === 'r5'));
    await offerMany(sinks, 8, global);
    await sinks.flush();
    expect(idsOf(receiver).sort()).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r6', 'r7']);
    expect(sinks.stats()).toMatchObject([{ queued: 0, delivered: 7, dead: 1, dropped: 0 }]);
    const [file = ''] = readdirSync(join(dataDir, 'dead-letters'));
    const letter = JSON.parse(readFileSync(join(dataDir, 'dead-letters', file), 'utf8'));
    expect(letter).toMatchObject({ reason: expect.stringContaining('400'), record: { litellm_call_id: 'r5' } });
  });

  it('of two destinations of one type go each to its own', async () => {
    const { open, receiver, setKey } = await setUp();
    const sinks = await open();
    const [one, two] = ['a', 'b'].map((name) =>
      keyDestination({ endpoint: `${receiver.url}/${name}`, headers: `x=${name}` }),
    );
    const both = [...(one ?? []), ...(two ?? [])];
    setKey(both);
    await offer(sinks, 'r1', both);
    await sinks.flush();
    expect(
      receiver
        .batches()
        .map(({ path, headers }) => [path, headers.x])
        .sort(),
    ).toEqual([
      ['/a', 'a'],
      ['/b', 'b'],
    ]);
    await sinks.close(0);
  });

  it('go only where their outcome is wanted, and nowhere at all where there is no such type', async () => {
    const { open } = await setUp();
    const sinks = await open();
    expect(sinks.offer(callLog({ status: 'failure' }), globalDestinations(['generic_api'], [], null))).toBeNull();
    expect(sinks.offer(callLog(), globalDestinations(['nonsense'], [], null))).toBeNull();
    const file = ownDestinations('key', { id: 'k', metadata: { logging: [{ callback_name: 'file' }] } }, null) ?? [];
    expect(sinks.offer(callLog(), file)).toBeNull();
    await sinks.close(0);
  });

  it('reach each of a team’s destinations, which share their variables', async () => {
    const { open, receiver } = await setUp();
    const sinks = await open();
    cleanUp.push(() => sinks.close(0));
    const vars = { langfuse_public_key: 'pk', langfuse_secret_key: 'of another destination' };
    const settings = { success_callback: ['generic_api'], failure_callback: [], callback_vars: vars };
    const team = { id: 'crew', metadata: { callback_settings: settings } };
    await offer(sinks, 'r1', ownDestinations('team', team, null) ?? []);
    await sinks.flush();
    expect(sinks.stats()).toMatchObject([{ queued: 0, delivered: 1, failure: null }]);
    expect(idsOf(receiver)).toEqual(['r1']);
    const wrong = { ...team, metadata: { callback_settings: { ...settings, callback_vars: { nonsense: 'x' } } } };
    const [unknown] = ownDestinations('team', wrong, null) ?? [];
    expect(await sinks.probe(unknown as LogDestination)).toMatchObject({ error: expect.stringContaining('nonsense') });
  });

  it('are given up oldest first where more wait than may, and that is counted', async () => {
    const { open, receiver, global } = await setUp();
    const sinks = await open(80_000);
    cleanUp.push(() => sinks.close(0));
    receiver.answer(503);
    for (let turn = 0; turn < 20; turn += 1) await offerMany(sinks, 5, global, turn * 5);
    await sinks.tend();
    const [stats] = sinks.stats();
    expect(stats?.dropped).toBeGreaterThan(0);
    expect((stats?.queued ?? 0) + (stats?.dropped ?? 0)).toBe(100);
    receiver.answer(200);
    await sinks.flush();
    expect(idsOf(receiver)).toContain('r99');
    expect(sinks.stats()).toMatchObject([{ queued: 0, delivered: 100 - (stats?.dropped ?? 0) }]);
  });

  it('are taken over from processes that have ended, never from one that lives', async () => {
    const { open, receiver, global } = await setUp();
    receiver.answer(503);
    const dead = await open();
    await offer(dead, 'r1', global);
    await dead.close(0);
    const living = await open();
    cleanUp.push(() => living.close(0));
    await offer(living, 'r2', global);
    const third = await open();
    cleanUp.push(() => third.close(0));
    await third.tend();
    receiver.answer(200);
    await third.flush();
    expect(third.stats()).toMatchObject([{ delivered: 1, queued: 0 }]);
    await living.flush();
    expect(living.stats()).toMatchObject([{ delivered: 1, queued: 0 }]);
    expect(idsOf(receiver).sort()).toEqual(['r1', 'r2']);
  });
});

describe('a probe', () => {
  it('delivers a record past the queue, or says what the other side said', async () => {
    const { open, receiver, global } = await setUp();
    const sinks = await open();
    cleanUp.push(() => sinks.close(0));
    const destination = global[0] as LogDestination;
    expect(await sinks.probe(destination)).toMatchObject({ ok: true, error: null });
    expect(receiver.batches()[0]?.records).toMatchObject([{ model: 'openai/litellm-key-health-test' }]);
    receiver.answer(403);
    expect(await sinks.probe(destination)).toMatchObject({ ok: false, error: expect.stringContaining('403') });
    const [unknown] = keyDestination({ endpoint: receiver.url, nonsense: 'x' });
    expect(await sinks.probe(unknown as LogDestination)).toMatchObject({
      ok: false,
      error: expect.stringContaining('nonsense'),
    });
  });
});
