/** `latchkey import …`: what other installations know, into this one's database. */
import type { Command } from 'commander';
import type { CliIo } from '../cli-io.ts';
import { addLitellmCommand } from './import-litellm.ts';

export function addImportCommands(program: Command, io: CliIo): void {
  const command = program.command('import').description('take over what another installation knows');
  addLitellmCommand(command, io);
}
