/** Were the rows of the audit log, and its end, written by somebody who holds the salt key? */
import type { AuditHead, AuditRow } from './audit-chain.ts';
import { type FaultList, nameRows } from './audit-fault.ts';
import type { AuditSeal } from './audit-seal.ts';

export interface SealCheck {
  /** Of a row whose fields have its hash. */
  checkRow(row: AuditRow): void;
  checkHead(head: AuditHead): void;
  /** Reports what was gathered on the way. */
  finish(): void;
}

/** Without a seal nothing is checked: the chain alone has to do. */
export function createSealCheck(seals: readonly AuditSeal[], faults: FaultList): SealCheck {
  /** Id of a key that is not here → the rows under it. */
  const foreign = new Map<string, { seq: number; lastSeq: number; id: string | null }>();

  function noteForeign(mac: string | null, { seq, id }: { seq: number; id: string | null }): void {
    const keyId = String(mac).split(':', 1)[0] ?? '';
    const known = foreign.get(keyId);
    if (known === undefined) foreign.set(keyId, { seq, lastSeq: seq, id });
    else known.lastSeq = Math.max(known.lastSeq, seq);
  }

  /** No fault where the end that was found is one that a known salt key vouches for, and is the row before. */
  function checkResumption(row: AuditRow): void {
    const found = parseHead(row.before);
    const isGenuine =
      found !== null &&
      found.seq === row.seq - 1 &&
      found.hash === row.prevHash &&
      (seals.length === 0 || seals.some((seal) => seal.isHeadMac(found.mac, found.seq, found.hash)));
    if (isGenuine) return;
    faults.report('resumed', row, `before row ${row.seq} was written, the gateway found: ${readFinding(row.after)}`);
  }

  return {
    checkRow(row) {
      if (row.action === 'resumed') checkResumption(row);
      if (seals.length === 0 || seals.some((seal) => seal.isRowMac(row.mac, row.hash))) return;
      if (seals.every((seal) => seal.isForeign(row.mac))) {
        noteForeign(row.mac, row);
        return;
      }
      const what = row.mac === null ? 'has no seal' : 'has a seal that does not fit';
      const detail = `row ${row.seq} ${what}: a gateway did not write it so, or only its seal was changed`;
      faults.report('wrong_seal', row, detail);
    },
    checkHead({ seq, hash, mac }) {
      if (seals.length === 0 || seals.some((seal) => seal.isHeadMac(mac, seq, hash))) return;
      const head = { seq, id: null };
      if (seals.every((seal) => seal.isForeign(mac))) noteForeign(mac, head);
      else {
        const detail = 'no gateway has written the head of the log as it is, so rows at its end may be missing';
        faults.report('wrong_head', head, detail);
      }
    },
    finish() {
      for (const [keyId, { seq, lastSeq, id }] of foreign) {
        const detail = `${nameRows(seq, lastSeq)}: sealed under another salt key (${keyId}), which is not here`;
        faults.report('foreign_seal', { seq, id }, detail, lastSeq);
      }
    },
  };
}

function parseHead(text: string | null): AuditHead | null {
  try {
    return JSON.parse(text ?? 'null') as AuditHead | null;
  } catch {
    return null;
  }
}

function readFinding(text: string | null): string {
  try {
    return String((JSON.parse(text ?? '{}') as { finding?: unknown }).finding);
  } catch {
    return 'what cannot be read any more';
  }
}
