import { describe, expect, test, vi } from 'vitest';
import type { ChangeEvent, OwnerTable } from '../core/change-event.ts';
import { createLiveCalls, HOLD_LEASE_MS, type LiveCall } from './live-calls.ts';
import { StopSwitch } from './stop-signal.ts';

const OF_KEY = { keyId: 'key_1', userId: null, teamId: null, organizationId: null, endUser: null };

function call(over: Partial<LiveCall> = {}): LiveCall {
  const none = { hold: null, endsAtMs: null, rosterIndex: -1 };
  return { caller: { kind: 'key', secretHash: 'h1' }, intent: OF_KEY, switch: new StopSwitch(), ...none, ...over };
}

function keyEvent(working: { hash: string; untilMs: number | null }[], keyId = 'key_1'): ChangeEvent {
  return { seq: 1, kind: 'key', keyId, hashes: ['h1', 'h2'], working };
}

const live = () => createLiveCalls({ renew: () => {} });

describe('a change of a key', () => {
  test('stops every call of a secret that no longer works, at once', () => {
    const calls = live();
    const [old, other] = [call(), call({ caller: { kind: 'key', secretHash: 'h2' } })];
    calls.add(old);
    calls.add(other);
    calls.onChange(keyEvent([{ hash: 'h2', untilMs: null }]));
    expect(old.switch.reason?.status).toBe(401);
    expect(other.switch.reason).toBeNull();
  });

  test('leaves calls of other keys alone', () => {
    const calls = live();
    const stranger = call({ intent: { ...OF_KEY, keyId: 'key_2' } });
    calls.add(stranger);
    calls.onChange(keyEvent([]));
    expect(stranger.switch.reason).toBeNull();
  });

  test('moves the end of a call with the expiry', () => {
    const calls = live();
    const running = call();
    calls.add(running);
    calls.onChange(keyEvent([{ hash: 'h1', untilMs: 1_000 }]));
    calls.sweep(999);
    expect(running.switch.reason).toBeNull();
    calls.sweep(1_000);
    expect(running.switch.reason?.status).toBe(401);
  });

  test('reaches no call that has ended', () => {
    const calls = live();
    const ended = call();
    calls.add(ended);
    calls.remove(ended);
    calls.onChange(keyEvent([]));
    expect(ended.switch.reason).toBeNull();
    expect(calls.count()).toBe(0);
  });
});

describe('an owner that is blocked or deleted', () => {
  const owners = { userId: 'ada', teamId: 'crew', organizationId: 'acme', endUser: 'customer' };
  const event = (table: OwnerTable, id: string, usable = false): ChangeEvent => ({
    seq: 1,
    kind: 'owner',
    table,
    id,
    userId: null,
    usable,
  });

  test.each<[OwnerTable, string]>([
    ['users', 'ada'],
    ['teams', 'crew'],
    ['organizations', 'acme'],
    ['end_users', 'customer'],
  ])('takes its calls with it: %s', (table, id) => {
    const calls = live();
    const running = call({ intent: { ...OF_KEY, ...owners } });
    calls.add(running);
    calls.onChange(event(table, 'somebody-else'));
    calls.onChange(event(table, id, true));
    calls.onChange(event('tags', id));
    calls.onChange(event('team_members', id));
    expect(running.switch.reason).toBeNull();
    calls.onChange(event(table, id));
    expect(running.switch.reason?.status).toBe(401);
    expect(running.switch.reason?.message).toContain(id);
  });

  test('takes no call of the master key with it, whose user is a name only', () => {
    const calls = live();
    const running = call({ caller: { kind: 'master_key', secretHash: 'm' }, intent: { ...OF_KEY, ...owners } });
    calls.add(running);
    calls.onChange(event('users', 'ada'));
    expect(running.switch.reason).toBeNull();
  });
});

test('the holds of living calls are renewed, well before they run out', () => {
  const renewed: number[] = [];
  const calls = createLiveCalls({ renew: (_hold, nowMs) => void renewed.push(nowMs) });
  calls.add(call({ hold: { id: 'hold_1', charges: [], expiresAtMs: 0 } }));
  for (let nowMs = 1_000_000; nowMs <= 1_000_000 + HOLD_LEASE_MS; nowMs += 250) calls.sweep(nowMs);
  expect(renewed.length).toBeGreaterThanOrEqual(3);
});

describe('draining', () => {
  test('ends with the last call', async () => {
    const calls = live();
    const last = call();
    calls.add(last);
    const drained = calls.drain(60_000);
    calls.remove(last);
    await drained;
    expect(last.switch.reason).toBeNull();
  });

  test('stops what is left when the time is up', async () => {
    vi.useFakeTimers();
    try {
      const calls = live();
      const stuck = call();
      calls.add(stuck);
      const drained = calls.drain(5_000);
      await vi.advanceTimersByTimeAsync(5_000);
      await drained;
      expect(stuck.switch.reason?.code).toBe('shutting_down');
    } finally {
      vi.useRealTimers();
    }
  });
});

test('a stop reaches whoever listens, before or after, and the first reason stands', () => {
  const stop = new StopSwitch();
  const heard: string[] = [];
  stop.onStop((reason) => heard.push(reason.code));
  const calls = live();
  const stopped = call({ switch: stop });
  calls.add(stopped);
  calls.onChange(keyEvent([]));
  calls.onChange(keyEvent([]));
  stop.onStop((reason) => heard.push(`late ${reason.code}`));
  expect(heard).toEqual(['authentication', 'late authentication']);
});
