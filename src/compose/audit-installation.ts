/** The audit log of an installation, looked at from outside: no gateway has to run, and nothing is changed. */
import type { Config } from '../config/config.ts';
import { findSaltKeys } from '../config/salt-file.ts';
import type { CheckedPoint } from '../core/audit-check.ts';
import { type AuditCheckpoint, createCheckpointSigner, isSignedBy } from '../core/audit-checkpoint.ts';
import type { AuditFault } from '../core/audit-fault.ts';
import { createAuditSeal, isEndSound } from '../core/audit-seal.ts';
import { allSalts } from '../core/salt-keys.ts';
import { type AuditReport, readAuditEndAside, verifyAudit } from '../storage/audit/verify-audit.ts';
import { databasePasswordOf, databaseUrlOf } from './database-url.ts';

export { parseCheckpoint as parseAuditCheckpoint } from '../core/audit-checkpoint.ts';

export interface AuditVerification extends AuditReport {
  /** False: there is no salt key here, so only hashes were looked at, which anybody can compute. */
  sealsChecked: boolean;
  /** `confirmed`: the key that signed it is the installation's, or one that was given. */
  checkpoints: { checkpoint: AuditCheckpoint; confirmed: boolean }[];
}

export interface AuditProofs {
  checkpoints: readonly AuditCheckpoint[];
  /** Salt keys that were in use before, besides those that the installation knows of. */
  earlierSalts: readonly string[];
  /** Public key (base64url) that checkpoints have to be signed with, besides the installation's own. */
  publicKey: string | null;
}

/** Null: the database has no audit log with a chain yet. */
export async function verifyInstallationAudit(config: Config, proofs: AuditProofs): Promise<AuditVerification | null> {
  const known = await findSaltKeys(config);
  const salts = [...(known === null ? [] : allSalts(known)), ...proofs.earlierSalts];
  const keys = salts.map((each) => createCheckpointSigner(each).publicKey);
  if (proofs.publicKey !== null) keys.push(proofs.publicKey);
  const points: CheckedPoint[] = [];
  const faults: AuditFault[] = [];
  const checkpoints: AuditVerification['checkpoints'] = [];
  for (const checkpoint of proofs.checkpoints) {
    const confirmed = keys.some((key) => isSignedBy(checkpoint, key));
    if (confirmed || (keys.length === 0 && isSignedBy(checkpoint, checkpoint.public_key))) {
      points.push(checkpoint);
      checkpoints.push({ checkpoint, confirmed });
    } else faults.push(describeUnsigned(checkpoint));
  }
  const seals = salts.map((each) => createAuditSeal(each));
  const report = await verifyAudit(databaseUrlOf(config), {
    seals,
    checkpoints: points,
    password: databasePasswordOf(config),
  });
  if (report === null) return null;
  return {
    ...report,
    faults: [...faults, ...report.faults],
    faultCount: faults.length + report.faultCount,
    sealsChecked: seals.length > 0,
    checkpoints,
  };
}

function describeUnsigned({ seq, at, public_key_id: keyId }: AuditCheckpoint): AuditFault {
  const detail = `the checkpoint of ${at} (row ${seq}) is not signed by this installation, but by ${keyId} if by anybody`;
  return { kind: 'checkpoint', seq, lastSeq: seq, id: null, detail };
}

export type CheckpointResult =
  | { kind: 'made'; checkpoint: AuditCheckpoint }
  /** No salt key to sign with, no log yet, or its end is out of order. */
  | { kind: 'no_salt' | 'no_log' | 'damaged' };

/** A signed statement of where the audit log is now. */
export async function makeAuditCheckpoint(config: Config, nowMs: number): Promise<CheckpointResult> {
  const salts = await findSaltKeys(config);
  if (salts === null) return { kind: 'no_salt' };
  const end = await readAuditEndAside(databaseUrlOf(config), databasePasswordOf(config));
  if (end === null) return { kind: 'no_log' };
  if (end === undefined || !isEndSound(end, createAuditSeal(salts.current, salts.earlier))) return { kind: 'damaged' };
  return { kind: 'made', checkpoint: createCheckpointSigner(salts.current).sign({ ...end, atMs: nowMs }) };
}
