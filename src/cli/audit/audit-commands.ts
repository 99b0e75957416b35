/** `latchkey audit …`: is the audit log as it was written? On the installation itself, whether or not a gateway runs. */
import type { Command } from 'commander';
import type { CliIo } from '../cli-io.ts';
import { addCheckpointCommand } from './make-checkpoint.ts';
import { addVerifyCommand } from './verify-log.ts';

export function addAuditCommands(program: Command, io: CliIo, setExitCode: (code: number) => void): void {
  const audit = program.command('audit').description('the audit log: is it as it was written?');
  addVerifyCommand(audit, io, setExitCode);
  addCheckpointCommand(audit, io);
}
