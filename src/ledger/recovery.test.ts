import { readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countWrittenBytes, listSegments, segmentPath } from '../append-log/segment-files.ts';
import type { SpendRecord } from '../core/spend-record.ts';
import { openStorage } from '../storage/open-storage.ts';
import { buildIntent, buildRecord, KEY_COUNTER } from './__fixtures__/calls.ts';
import { createWorld, MANUAL, type World } from './__fixtures__/ledger-world.ts';
import { checkLedger } from './check-ledger.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld(openStorage);
});
afterEach(async () => {
  await world.close();
});

function onlySegment(): string {
  const [segment] = listSegments(world.directory);
  if (segment === undefined) throw new Error('no segment');
  return segment.path;
}

/** What has been written to it. Behind that its file holds zeros. */
const written = (): Buffer => readFileSync(onlySegment()).subarray(0, countWrittenBytes(onlySegment()));

test('a line that was cut off at the end was never acknowledged and counts for nothing, wherever it was cut', async () => {
  const { ledger } = await world.open(MANUAL);
  await ledger.settle(buildRecord('r1', 10));
  const whole = written();
  await ledger.settle(buildRecord('r2', 10));
  const longer = written().length;
  for (let length = whole.length; length < longer; length += 97) {
    world.crash();
    truncateSync(onlySegment(), length);
    const { recovery } = await world.open(MANUAL);
    expect(recovery).toMatchObject({ unsettled: 0, pending: 0, unreadable: 0 });
    world.directory = join(world.directory, '..', '0');
  }
  expect(await world.rows()).toEqual([{ request_id: 'r1', status: 'success', spend_nano_usd: 10 }]);
});

test('the journal goes on behind a line that was cut off', async () => {
  const { ledger } = await world.open(MANUAL);
  await ledger.settle(buildRecord('r1', 10));
  world.crash();
  writeFileSync(onlySegment(), `${written()}{"settle":["r2"`);
  const { ledger: second } = await world.open(MANUAL);
  await second.settle(buildRecord('r3', 5));
  world.crash();
  const { recovery } = await world.open(MANUAL);
  expect(recovery).toEqual({ shipped: 1, unsettled: 0, pending: 0, unreadable: 0 });
  expect((await world.shippedBalances()).get(KEY_COUNTER)).toBe(15);
});

test('lines that cannot be read are put into quarantine, and all others are recovered', async () => {
  const { ledger } = await world.open(MANUAL);
  await ledger.settle(buildRecord('r1', 10));
  world.crash();
  const lines = String(written());
  const nonsense = ['\0\0\0', '{"settle":["r9",1]}', '{"open":["r8"]}', '{"settle":{}}', 'null'];
  writeFileSync(onlySegment(), `${nonsense.join('\n')}\n${lines}{"settle":\n${lines.replace('r1', 'r2')}`);
  const { recovery } = await world.open(MANUAL);
  expect(recovery).toEqual({ shipped: 2, unsettled: 0, pending: 0, unreadable: 6 });
  expect((await world.rows()).map((row) => row.request_id)).toEqual(['r1', 'r2']);
  const kept = readFileSync(join(world.directory, 'quarantine.ndjson'), 'utf8').trimEnd().split('\n');
  expect(kept.map((line) => JSON.parse(line).line)).toEqual([...nonsense, '{"settle":']);
  expect(world.log.filter(({ level }) => level === 'error')).toHaveLength(6);
});

test('what was shipped is not looked at again, so rows that were since deleted do not come back', async () => {
  const { ledger } = await world.open(MANUAL);
  await ledger.open(buildIntent('in flight'));
  await ledger.settle(buildRecord('r1', 10));
  await ledger.flush();
  await world.storage.writes.deleteFrom('spend_logs').execute();
  world.crash();
  const { recovery } = await world.open(MANUAL);
  expect(recovery).toMatchObject({ shipped: 0, unsettled: 1 });
  expect((await world.rows()).map((row) => row.request_id)).toEqual(['in flight']);
});

test('calls that died are told of before they are billed, again after a death in between, and never once they are', async () => {
  const { ledger } = await world.open(MANUAL);
  await ledger.open(buildIntent('died'));
  world.crash();
  const told: string[] = [];
  const fails = async ([bill]: readonly SpendRecord[]) => {
    told.push(`${bill?.requestId} ${bill?.status}`);
    throw new Error('not now');
  };
  await expect(world.open({ ...MANUAL, onUnsettled: fails })).rejects.toThrow('not now');
  expect(await world.rows()).toEqual([]);
  await world.open({ ...MANUAL, onUnsettled: async (bills) => void told.push(...bills.map((bill) => bill.requestId)) });
  expect(await world.rows()).toMatchObject([{ request_id: 'died', status: 'unsettled' }]);
  world.crash();
  await world.open({ ...MANUAL, onUnsettled: async () => void told.push('too often') });
  expect(told).toEqual(['died unsettled', 'died']);
});

test('a lost or damaged mark costs time and nothing else', async () => {
  const { ledger } = await world.open(MANUAL);
  await ledger.settle(buildRecord('r1', 10));
  await ledger.flush();
  await ledger.settle(buildRecord('r2', 10));
  world.crash();
  writeFileSync(join(world.directory, 'shipped'), 'zzz');
  const { recovery } = await world.open(MANUAL);
  expect(recovery.shipped).toBe(1);
  expect((await world.shippedBalances()).get(KEY_COUNTER)).toBe(20);
});

test('positions go on after the journal was emptied, so no new bill is taken for a shipped one', async () => {
  for (let start = 0; start < 3; start += 1) {
    const { ledger } = await world.open(MANUAL);
    await ledger.settle(buildRecord(`shipped ${start}`, 10));
    await ledger.close();
    expect(readdirSync(world.directory).filter((name) => name.startsWith('segment-'))).toEqual([]);
  }
  const { ledger } = await world.open(MANUAL);
  await ledger.settle(buildRecord('last', 10));
  world.crash();
  await world.open(MANUAL);
  expect(await world.rows()).toHaveLength(4);
});

test('a long journal keeps only the segments that are needed', async () => {
  const { ledger } = await world.open({ ...MANUAL, segmentBytes: 4_000 });
  await ledger.open(buildIntent('long'));
  for (let call = 0; call < 50; call += 1) {
    await ledger.open(buildIntent(`r${call}`));
    await ledger.settle(buildRecord(`r${call}`, 1));
    if (call % 10 === 9) await ledger.flush();
  }
  await expect.poll(() => listSegments(world.directory).length).toBeLessThanOrEqual(3);
  world.crash();
  const { recovery } = await world.open(MANUAL);
  expect(recovery).toMatchObject({ shipped: 0, unsettled: 1 });
  expect((await checkLedger(world.storage.reads, 'sqlite')).differing).toBe(0);
});

test('a disk that is full refuses calls with 503, and the process goes on', async () => {
  const { ledger } = await world.open(MANUAL);
  symlinkSync('/dev/full', segmentPath(world.directory, 0));
  await expect(ledger.open(buildIntent('r1'))).rejects.toMatchObject({ code: 'database_unavailable', status: 503 });
  await expect(ledger.settle(buildRecord('r1'))).rejects.toThrow('cannot record calls');
  expect(ledger.backlog()).toBe(0);
});
