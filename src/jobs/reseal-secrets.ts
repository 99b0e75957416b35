import type { AuditEntry } from '../core/audit.ts';
import {
  moveOn,
  parseResealingNote,
  planResealing,
  type ResealingNote,
  type ResealingPlace,
} from '../core/resealing-plan.ts';
import { type Reseal, SEALED_TABLES, type SealedTable, type SealPurpose } from '../core/sealed-texts.ts';
import type { SealedRow } from '../storage/sealed/read-sealed.ts';
import type { SealedChange, SealedStore } from '../storage/sealed/sealed-store.ts';

export interface ResealingDeps {
  store: SealedStore;
  /** Of the salt key that credentials are to be sealed under. */
  keyId: string;
  /** Seals under it what was sealed under any of the keys that are here. */
  reseal: Readonly<Record<SealPurpose, Reseal>>;
  /** The installation has earlier keys: a new one has taken their place, which the audit log is to say. */
  isRotation: boolean;
  processId: string;
  nowMs(): number;
  /** The row in the audit log, by whom being the installation. */
  describe(action: 'rotated' | 'updated', before: string | null, after: Record<string, string | number>): AuditEntry;
  logger: Record<'info' | 'warn', (details: object, message: string) => void>;
}

/** Looked at with one statement. */
const PAGE = 500;
/** Of one run, so that whoever stops the process does not wait for it, and so that bills and verbs have the database for most of the time. */
const PAGES = 20;
const ROWS = 1_000;
/** Written in one transaction. */
const BATCH = 50;

/**
 * Seals stored credentials under the current salt key, wherever they are not, while everything goes on: some at every run.
 * Runs in every process; the one that is at it keeps the others out, and where it ended another goes on. Once all has been
 * gone through it is a look at the clock, and once a day everything is gone through again.
 */
export function createResealing(deps: ResealingDeps): () => Promise<void> {
  const { store, keyId, processId, nowMs, logger } = deps;
  let lookAtMs = Number.NEGATIVE_INFINITY;
  const said = new Set<string>();
  const sayOnce = (what: string, message: string, details: object) => {
    if (!said.has(what)) logger.warn(details, message);
    said.add(what);
  };

  /** Null: somebody else was faster. */
  async function begin(text: string | undefined, note: ResealingNote): Promise<string | null> {
    const before = parseResealingNote(text)?.keyId ?? null;
    const isNew = deps.isRotation && before !== keyId;
    const to = JSON.stringify(note);
    const audit = isNew ? { audit: deps.describe('rotated', before, { key_id: keyId }) } : {};
    return (await store.take({ from: text, to, ...audit })) === null ? null : to;
  }

  async function goOn(first: string, begun: ResealingNote & { at: ResealingPlace }): Promise<void> {
    let text = first;
    let note: ResealingNote = begun;
    /** Not yet in the stored note. */
    let ahead = false;
    let written = 0;
    const put = async (
      next: ResealingNote,
      changes: readonly SealedChange[],
      table?: SealedTable,
    ): Promise<boolean> => {
      const to = JSON.stringify(next);
      const isEnd = next.at === null && next.resealed > 0;
      const { resealed, unopenable } = next;
      const audit = isEnd ? { audit: deps.describe('updated', null, { key_id: keyId, resealed, unopenable }) } : {};
      if ((await store.take({ from: text, to, changes, ...(table && { table }), ...audit })) === null) return false;
      [text, note, ahead] = [to, next, false];
      return true;
    };

    for (let page = 0; page < PAGES && written < ROWS && note.at !== null; page += 1) {
      const { table, after } = note.at;
      const { rows, last } = await store.page(table, after, PAGE);
      const looked = rows.map((row) => lookAt(table, row));
      const changes = looked.flatMap(({ change }) => (change === null ? [] : [change]));
      for (let start = 0; start < changes.length; start += BATCH) {
        const batch = changes.slice(start, start + BATCH);
        const done = { after: batch.at(-1)?.id as string, resealed: batch.length, unopenable: 0 };
        if (!(await put(moveOn(note as typeof begun, done, processId, nowMs()), batch, table))) return;
        written += batch.length;
      }
      const unopenable = looked.reduce((sum, one) => sum + one.unopenable, 0);
      note = moveOn(note as typeof begun, { after: last, resealed: 0, unopenable }, processId, nowMs());
      ahead = true;
    }
    if (ahead && !(await put(note, []))) return;
    if (note.at === null) tell(note);
  }

  function lookAt(table: SealedTable, { id, texts }: SealedRow): { change: SealedChange | null; unopenable: number } {
    let unopenable = 0;
    const changed = SEALED_TABLES[table].columns.flatMap(({ column, purpose, map }) => {
      const from = texts[column];
      if (from === undefined) return [];
      const to = map(from, id, (sealed, context) => {
        const again = deps.reseal[purpose](sealed, context);
        if (again === null) unopenable += 1;
        return again ?? sealed;
      });
      return to === from ? [] : [{ column, from, to }];
    });
    return { change: changed.length === 0 ? null : { id, texts: changed }, unopenable };
  }

  function tell({ resealed, unopenable }: ResealingNote): void {
    if (resealed > 0)
      logger.info({ rows: resealed, keyId }, 'Stored credentials are sealed under the present salt key');
    if (unopenable === 0) return;
    const message =
      'Stored credentials were sealed under a salt key that is not here; they stay as they are and do not work. Run `latchkey salt-key status`.';
    sayOnce(`unopenable ${unopenable}`, message, { credentials: unopenable });
  }

  return async () => {
    if (nowMs() < lookAtMs) return;
    const text = await store.note();
    const plan = planResealing(parseResealingNote(text), { keyId, processId }, nowMs());
    if (plan.kind === 'wait') {
      lookAtMs = plan.untilMs;
      if (plan.superseded) {
        sayOnce(
          'superseded',
          'Another process seals under a newer salt key than this one, which has to be restarted',
          {},
        );
      }
    } else if (plan.kind === 'show') await store.take({ from: text, to: JSON.stringify(plan.note) });
    else if (plan.kind === 'go_on') await goOn(text as string, plan.note);
    else {
      const begun = await begin(text, plan.note);
      if (begun !== null) await goOn(begun, plan.note as ResealingNote & { at: ResealingPlace });
    }
  };
}
