import { expect, test } from 'vitest';
import { moveOn, parseResealingNote, planResealing, type ResealingNote, type ResealingPlan } from './resealing-plan.ts';
import { SEALED_TABLE_NAMES } from './sealed-texts.ts';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const old = { keyId: 'old', processId: 'p1' };
const fresh = { keyId: 'new', processId: 'p2' };

function noteOf(plan: ResealingPlan): ResealingNote {
  if (plan.kind === 'wait') throw new Error('there is no note in a wait');
  return plan.note;
}

/** Everything gone through at once. */
function finish(note: ResealingNote, resealed: number, processId: string, nowMs: number): ResealingNote {
  let next = note;
  for (let step = 0; next.at !== null; step += 1) {
    if (step > SEALED_TABLE_NAMES.length) throw new Error('never ends');
    const done = { after: null, resealed: step === 0 ? resealed : 0, unopenable: 0 };
    next = moveOn({ ...next, at: next.at }, done, processId, nowMs);
  }
  return next;
}

test('one process goes through every table, once a day, and soon again after there was something to do', () => {
  const started = planResealing(null, old, NOW_MS);
  expect(started).toMatchObject({
    kind: 'start',
    note: { keyId: 'old', at: { table: SEALED_TABLE_NAMES[0], by: 'p1' } },
  });
  const changed = finish(noteOf(started), 3, 'p1', NOW_MS);
  expect(changed).toMatchObject({ at: null, resealed: 3 });
  expect(planResealing(changed, old, NOW_MS + 9 * MINUTE).kind).toBe('wait');
  const again = planResealing(changed, old, NOW_MS + 10 * MINUTE);
  expect(again).toMatchObject({ kind: 'start', note: { resealed: 0 } });
  const clean = finish(noteOf(again), 0, 'p1', NOW_MS);
  expect(planResealing(clean, { ...old, processId: 'after a restart' }, NOW_MS + 23 * HOUR)).toMatchObject({
    kind: 'wait',
  });
  expect(planResealing(clean, old, NOW_MS + 24 * HOUR).kind).toBe('start');
});

test('others wait for whoever is at it, and go on where it ended once it is silent', () => {
  const note = noteOf(planResealing(null, old, NOW_MS));
  const half = moveOn({ ...note, at: note.at! }, { after: 'm-7', resealed: 2, unopenable: 1 }, 'p1', NOW_MS);
  const other = { ...old, processId: 'p9' };
  expect(planResealing(half, other, NOW_MS + MINUTE)).toMatchObject({ kind: 'wait', superseded: false });
  expect(planResealing(half, old, NOW_MS + MINUTE).kind).toBe('go_on');
  expect(planResealing(half, other, NOW_MS + 2 * MINUTE)).toMatchObject({
    kind: 'go_on',
    note: { at: { after: 'm-7' }, resealed: 2, unopenable: 1 },
  });
});

test('a new key takes over, and a process that still has the one before does not undo it', () => {
  const before = finish(noteOf(planResealing(null, old, NOW_MS)), 0, 'p1', NOW_MS);
  const taken = planResealing(before, fresh, NOW_MS);
  expect(taken).toMatchObject({ kind: 'start', note: { keyId: 'new', superseded: ['old'] } });
  const done = finish(noteOf(taken), 5, 'p2', NOW_MS);
  expect(planResealing(done, old, NOW_MS + 30 * MINUTE)).toMatchObject({ kind: 'wait', superseded: true });
});

test('the newer key is shown to be in use, and after an hour without it the one before is taken up again', () => {
  const before = finish(noteOf(planResealing(null, old, NOW_MS)), 0, 'p1', NOW_MS);
  const done = finish(noteOf(planResealing(before, fresh, NOW_MS)), 0, 'p2', NOW_MS);
  const shown = planResealing(done, fresh, NOW_MS + 10 * MINUTE);
  expect(shown).toMatchObject({ kind: 'show', note: { seenAtMs: NOW_MS + 10 * MINUTE } });
  expect(planResealing(noteOf(shown), old, NOW_MS + 69 * MINUTE).kind).toBe('wait');
  const back = planResealing(noteOf(shown), old, NOW_MS + 70 * MINUTE);
  expect(back).toMatchObject({ kind: 'start', note: { keyId: 'old', superseded: ['new'] } });
});

test('what is no note is as if there were none', () => {
  for (const text of [undefined, '', 'null', '{}', '[]', '{"keyId":"x"}', 'x'])
    expect(parseResealingNote(text)).toBeNull();
  const note = noteOf(planResealing(null, old, NOW_MS));
  expect(parseResealingNote(JSON.stringify(note))).toEqual(note);
});
