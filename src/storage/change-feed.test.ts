import { afterEach, expect, test } from 'vitest';
import type { ChangeEvent } from '../core/change-event.ts';
import { NOW_MS } from './__fixtures__/rows.ts';
import { createChangeFeed } from './change-feed.ts';
import { openStorage } from './open-storage.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A feed over a table that the test writes as other processes would. */
async function createBench(alreadyThere: number[] = []) {
  const clock = { nowMs: NOW_MS };
  const { writes, reads, close } = await openStorage({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
  closing.push(close);
  const commit = async (...seqs: number[]) => {
    const rows = seqs.map((seq) => ({ seq, kind: 'setting', body: `{"name":"n${seq}"}`, at_ms: NOW_MS }));
    await writes.insertInto('changes').values(rows).execute();
  };
  if (alreadyThere.length > 0) await commit(...alreadyThere);
  const feed = createChangeFeed({ reads, nowMs: () => clock.nowMs, gapPatienceMs: 1_000 });
  await feed.start();
  const heard: number[] = [];
  feed.subscribe((event) => heard.push(event.seq));
  const lost: number[] = [];
  feed.onLost(() => lost.push(clock.nowMs));
  return { feed, commit, clock, heard, lost, writes };
}

const event = (seq: number): ChangeEvent => ({ seq, kind: 'setting', name: `n${seq}` });

test('a feed starts where the table is, and hears what comes after', async () => {
  const { feed, commit, heard } = await createBench([1, 2, 3]);
  await feed.poll();
  expect(heard).toEqual([]);
  expect(feed.position()).toBe(3);
  await commit(4, 5);
  await feed.poll();
  await feed.poll();
  expect(heard).toEqual([4, 5]);
  expect(feed.position()).toBe(5);
});

test('events come back as they were, and kinds from a newer version are passed over', async () => {
  const { feed, writes } = await createBench();
  const events: ChangeEvent[] = [];
  feed.subscribe((each) => events.push(each));
  const body = JSON.stringify({ counter: 'key:k/spend', deltaNanoUsd: 2 ** 40 });
  await writes
    .insertInto('changes')
    .values([
      { kind: 'balance', body, at_ms: NOW_MS },
      { kind: 'from the future', body: '{}', at_ms: NOW_MS },
    ])
    .execute();
  await feed.poll();
  expect(events).toEqual([{ seq: 1, kind: 'balance', counter: 'key:k/spend', deltaNanoUsd: 2 ** 40 }]);
});

test('a number that is committed after a higher one is still heard', async () => {
  const { feed, commit, heard, clock, lost } = await createBench([1]);
  await commit(3, 5);
  await feed.poll();
  await commit(2);
  clock.nowMs += 1_000;
  await feed.poll();
  await commit(4);
  await feed.poll();
  expect(heard).toEqual([3, 5, 2, 4]);
  expect(lost).toEqual([]);
});

test('a number that a poll passed over before we knew it for our own is heard once', async () => {
  const { feed, commit, heard } = await createBench();
  await commit(2);
  await feed.poll();
  feed.expect([1]);
  await commit(1);
  feed.publish([event(1)]);
  await feed.poll();
  expect(heard).toEqual([2, 1]);
});

test('a number that was taken before the start and is committed after it is heard', async () => {
  const { feed, commit, heard } = await createBench([1, 3]);
  await commit(2);
  await feed.poll();
  expect(heard).toEqual([2]);
});

test('a hole that is never filled is given up after a while, and what is cached is dropped once', async () => {
  const { feed, commit, heard, clock, lost } = await createBench([1]);
  await commit(3);
  await feed.poll();
  clock.nowMs += 1_001;
  await feed.poll();
  await feed.poll();
  expect(lost).toEqual([NOW_MS + 1_001]);
  await commit(2);
  await feed.poll();
  expect(heard).toEqual([3]);
});

test('a jump too wide to watch drops what is cached at once', async () => {
  const { feed, commit, heard, lost } = await createBench([1]);
  await commit(5_000);
  await feed.poll();
  expect(heard).toEqual([5_000]);
  expect(lost).toHaveLength(1);
});

test('own changes are heard once: from publish, whether a poll comes before or after', async () => {
  const { feed, commit, heard } = await createBench();
  feed.expect([1, 2]);
  await commit(1, 2, 3);
  await feed.poll();
  expect(heard).toEqual([3]);
  feed.publish([event(1), event(2)]);
  feed.expect([4]);
  await commit(4);
  feed.publish([event(4)]);
  await feed.poll();
  expect(heard).toEqual([3, 1, 2, 4]);
});

test('a commit whose outcome was not told is heard by polling if it took place', async () => {
  const { feed, commit, heard } = await createBench();
  feed.expect([1, 2]);
  await commit(1, 3);
  await feed.poll();
  feed.forget([1, 2]);
  await feed.poll();
  expect(heard).toEqual([3, 1]);
});

test('polls that overlap are one poll', async () => {
  const { feed, commit, heard } = await createBench();
  await commit(1);
  await Promise.all([feed.poll(), feed.poll(), feed.poll()]);
  expect(heard).toEqual([1]);
});

test('more changes than one answer holds are all heard, in order', async () => {
  const { feed, commit, heard } = await createBench();
  const seqs = Array.from({ length: 1_234 }, (_, index) => index + 1);
  for (let start = 0; start < seqs.length; start += 500) await commit(...seqs.slice(start, start + 500));
  await feed.poll();
  expect(heard).toEqual(seqs);
});

test('whoever unsubscribes hears no more', async () => {
  const { feed } = await createBench();
  const heard: number[] = [];
  const unsubscribe = feed.subscribe((each) => heard.push(each.seq));
  feed.publish([event(1)]);
  unsubscribe();
  feed.publish([event(2)]);
  expect(heard).toEqual([1]);
});

test('what is acknowledged was looked at after it had been committed, also behind a hole', async () => {
  const { feed, commit, heard } = await createBench([1]);
  expect(feed.acknowledged()).toBe(1);
  await commit(3);
  await feed.poll();
  expect(feed.acknowledged()).toBe(3);
  // The hole is filled late; whoever asks after that asks with a number behind it.
  await commit(2);
  await commit(4);
  expect(feed.acknowledged()).toBe(3);
  await feed.poll();
  expect(feed.acknowledged()).toBe(4);
  expect(heard).toEqual([3, 2, 4]);
});
