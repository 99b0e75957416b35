/** `latchkey keys …`: the keys of a running gateway, over its HTTP API. */
import type { Command } from 'commander';
import type { CliIo } from '../cli-io.ts';
import { addCreateCommand } from './create-key.ts';
import { addListCommand } from './list-keys.ts';
import { addKeyRevocationCommands } from './revoke-keys.ts';
import { addInfoCommand } from './show-key-info.ts';
import { addUpdateCommand } from './update-key.ts';

export function addKeysCommands(program: Command, io: CliIo): void {
  const keys = program
    .command('keys')
    .description('virtual keys of a running gateway')
    .addHelpText(
      'after',
      '\nA key is named by its key_id, alias, hash or secret. What stands on a command line can be read by other users\n' +
        'of the machine, so name keys by key_id or alias, and put the key to call with into LATCHKEY_API_KEY.',
    );
  addCreateCommand(keys, io);
  addListCommand(keys, io);
  addInfoCommand(keys, io);
  addUpdateCommand(keys, io);
  addKeyRevocationCommands(keys, io);
}
