import { expect, test } from 'vitest';
import { createProcessRegistry } from './process-registry.ts';
import type { ProcessRow } from './process-table.ts';

const row = (id: string, feedPosition: number, silentMs = 200): ProcessRow => ({
  id,
  host: `host-of-${id}`,
  pid: 1,
  identity: `identity of ${id}`,
  feedPosition,
  silentMs,
});

function createBench(rows: ProcessRow[], { gone = [] as string[], failing = false, silent = false } = {}) {
  const removed: string[] = [];
  const state = { rows, failing, lists: 0, beats: 0 };
  const registry = createProcessRegistry({
    own: row('own', 0),
    table: {
      beat: async () => {
        state.beats += 1;
      },
      async list() {
        state.lists += 1;
        if (state.failing) throw new Error('no answer');
        return [row('own', 0), ...state.rows];
      },
      remove: async (ids) => {
        removed.push(...ids);
      },
    },
    feedPosition: () => 1,
    announce: () => (silent ? new Promise(() => {}) : Promise.resolve(10)),
    isGone: (identity) => gone.some((id) => identity === `identity of ${id}`),
    outageGraceMs: 30_000,
  });
  return { registry, removed, state };
}

test('those who have read as far have acknowledged, the others are named with how long they have been silent', async () => {
  const { registry } = createBench([row('a', 10), row('b', 9, 8_000), row('c', 12)]);
  const { acknowledged, laggards } = await registry.callRoll(30);
  expect(acknowledged.map(({ id }) => id)).toEqual(['own', 'a', 'c']);
  expect(laggards).toEqual([{ id: 'b', host: 'host-of-b', pid: 1, behindMs: 8_000 }]);
});

test('a roll call ends as soon as everybody has answered', async () => {
  const { registry, state } = createBench([row('a', 9)]);
  const asked = registry.callRoll(60_000);
  setTimeout(() => {
    state.rows = [row('a', 10)];
  }, 20);
  expect((await asked).laggards).toEqual([]);
});

test('nobody waits for a process that has ended or has been silent for longer than it may serve', async () => {
  const { registry, removed } = createBench([row('dead', 0), row('silent', 0, 31_000), row('old', 0, 91_000)], {
    gone: ['dead'],
  });
  expect((await registry.callRoll(60_000)).laggards).toEqual([]);
  expect(removed).toEqual(['dead', 'old']);
});

test('when the database cannot be read, everybody who was known is a laggard', async () => {
  const { registry, state } = createBench([row('a', 10)]);
  await registry.beat();
  state.failing = true;
  const { acknowledged, laggards } = await registry.callRoll(10);
  expect(acknowledged.map(({ id }) => id)).toEqual(['own']);
  expect(laggards.map(({ id }) => id)).toEqual(['a']);
});

test('a database that stands still after the change keeps nobody waiting: all who may serve are laggards', async () => {
  const { registry } = createBench([row('a', 12)], { silent: true });
  expect((await registry.callRoll(10)).laggards.map(({ id }) => id)).toEqual(['a']);
});

test('only those count as living that have said so within seconds', async () => {
  const { registry } = createBench([row('a', 10), row('stopped', 10, 6_000)]);
  expect(registry.live()).toBe(1);
  await registry.beat();
  expect(registry.live()).toBe(2);
});

test('limits are taken as shared with the silent, and at first with those that may have started at the same time', async () => {
  const { registry } = createBench([row('a', 10), row('stopped', 10, 15_000)]);
  for (let beat = 0; beat < 5; beat += 1) {
    expect(registry.sharers()).toBe(4);
    await registry.beat();
  }
  expect(registry.sharers()).toBe(3);
  expect(registry.live()).toBe(2);
});

test('one that has left says nothing more', async () => {
  const { registry, state, removed } = createBench([]);
  await registry.beat();
  await registry.leave();
  await registry.beat();
  expect(state.beats).toBe(1);
  expect(removed).toEqual(['own']);
});
