import type { Command } from 'commander';
import { ENVIRONMENT_NAMES } from '../../config/env.ts';
import { CliError, type CliIo, type Installation } from '../cli-io.ts';
import { addConfigOptions, type ConfigOptions, toOverrides } from '../command-options.ts';
import { formatTable } from '../format-table.ts';
import { noLogYet, openInstallation } from './open-installation.ts';

type Verification = NonNullable<Awaited<ReturnType<Installation['verifyInstallationAudit']>>>;
type Fault = Verification['faults'][number];

interface VerifyOptions extends ConfigOptions {
  checkpoint?: string[];
  publicKey?: string;
  earlierSaltFile?: string[];
}

export function addVerifyCommand(audit: Command, io: CliIo, setExitCode: (code: number) => void): void {
  addConfigOptions(audit.command('verify').description('find rows that were changed, removed, put in or moved'))
    .option('--checkpoint <file>', 'the log has to contain what this checkpoint says (repeatable)', collect)
    .option('--public-key <key>', 'checkpoints may be signed with this key (base64url)')
    .option('--earlier-salt-file <file>', 'a salt key that was in use before (repeatable)', collect)
    .action(async (options: VerifyOptions) => {
      const config = io.loadConfig(toOverrides(options));
      const earlierSalts = (options.earlierSaltFile ?? []).map((path) => readText(io, path).trim());
      const installation = await openInstallation(io, config);
      const checkpoints = (options.checkpoint ?? []).map((path) => readCheckpoint(io, installation, path));
      const verification = await installation.verifyInstallationAudit(config, {
        checkpoints,
        earlierSalts,
        publicKey: options.publicKey ?? null,
      });
      if (verification === null) throw noLogYet();
      if (verification.faultCount > 0) setExitCode(1);
      if (options.json) io.print(JSON.stringify(toJson(verification)));
      else tell(io, verification);
    });
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

function readText(io: CliIo, path: string): string {
  try {
    return io.readFile(path);
  } catch (cause) {
    throw new CliError(`${path} cannot be read.`, 1, { cause });
  }
}

function readCheckpoint(io: CliIo, installation: Installation, path: string) {
  const checkpoint = installation.parseAuditCheckpoint(readText(io, path));
  if (checkpoint === null)
    throw new CliError(`${path} holds no checkpoint, as \`latchkey audit checkpoint\` prints it.`);
  return checkpoint;
}

function toJson(verification: Verification) {
  const { rows, head, sealsChecked, checkpoints, faults, faultCount } = verification;
  return {
    ok: faultCount === 0,
    rows,
    head,
    seals_checked: sealsChecked,
    checkpoints: checkpoints.map(({ checkpoint, confirmed }) => ({
      seq: checkpoint.seq,
      at: checkpoint.at,
      public_key_id: checkpoint.public_key_id,
      key_confirmed: confirmed,
    })),
    fault_count: faultCount,
    faults: faults.map(({ kind, seq, lastSeq, id, detail }) => ({ kind, seq, last_seq: lastSeq, id, detail })),
  };
}

function tell(io: CliIo, { rows, head, sealsChecked, checkpoints, faults, faultCount }: Verification): void {
  if (faultCount === 0) {
    const size = rows === 1 ? '1 row' : `${rows} rows`;
    io.print(`The audit log is as it was written: ${size}, head hash ${head?.hash}`);
  } else io.print(formatTable(COLUMNS, faults));
  for (const { checkpoint, confirmed } of checkpoints) {
    if (faults.some(({ kind, seq }) => kind === 'checkpoint' && seq === checkpoint.seq)) continue;
    const by = confirmed ? '' : `; signed by ${checkpoint.public_key_id}, which nothing here confirms`;
    io.print(`It contains the checkpoint of ${checkpoint.at}, row ${checkpoint.seq}${by}.`);
  }
  if (!sealsChecked) {
    io.complain(
      'Only hashes were looked at, which whoever can write to the database could compute anew. With the salt key ' +
        `(${ENVIRONMENT_NAMES.saltKey}, or salt.key in the data directory) seals are looked at, too.`,
    );
  }
  if (faultCount > 0) io.complain(faultCount === 1 ? 'There is 1 fault.' : `There are ${faultCount} faults.`);
}

const COLUMNS = [
  { title: 'FAULT', value: (fault: Fault) => fault.kind },
  { title: 'ROWS', value: (fault: Fault) => describeRows(fault) },
  { title: 'ID', value: (fault: Fault) => fault.id ?? '-' },
  { title: 'FINDING', value: (fault: Fault) => fault.detail },
];

function describeRows({ seq, lastSeq }: Fault): string {
  if (seq === 0) return '-';
  return seq === lastSeq ? String(seq) : `${seq}-${lastSeq}`;
}
